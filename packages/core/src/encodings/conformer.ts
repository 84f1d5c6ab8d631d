import { defineEncoding, type EncodingWith } from "./encoding.js";
import {
  type RelativeSinusoidParameters,
  relativeSinusoidParameters,
  relativeSinusoidScores,
  type TransformerXlOptions,
  withContentBias,
} from "./transformer-xl.js";

export type ConformerOptions = Pick<TransformerXlOptions, "clampLength" | "initialDeviation">;

/**
 * Transformer-XL's relative sinusoids for both sides, with sines and cosines in turn, as speech encoders have them.
 *
 * s_ij = [(q_i + u)·k_j + (q_i + v)·(W_R·R_{i−j})]/√d, R_n[2m] = sin nω_m, R_n[2m + 1] = cos nω_m. The paper's distance is
 * query − key. Gulati et al., arXiv:2005.08100. Agrees with Hugging Face's Parakeet; ESPnet's oldest version used
 * distances 0 … T − 1 only and is wrong for later keys.
 */
export function conformer(
  options: ConformerOptions = {},
): EncodingWith<"transform" | "relativeScores" | "parameters", RelativeSinusoidParameters> {
  const { clampLength, initialDeviation = 0.02 } = options;
  return defineEncoding({
    kind: "conformer",
    settings: { clampLength, initialDeviation },
    cache: "rotated-keys",
    scope: "layer",
    parameters: (shape) => relativeSinusoidParameters(shape, { biases: "layer", initialDeviation }),
    transform: withContentBias,
    relativeScores: (context) => relativeSinusoidScores(context, { layout: "interleaved", clampLength }),
  });
}
