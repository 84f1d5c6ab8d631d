import { scaledMatMul } from "../composites/linear.js";
import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, equal, mul, reshape, slice, where } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { overHeads } from "./distance.js";
import { defineEncoding, type EncodingWith, type RelativeScoresContext } from "./encoding.js";
import {
  type RelativeSinusoidParameters,
  relativeSinusoidParameters,
  relativeSinusoidScores,
  type TransformerXlOptions,
  withBiasInstead,
  withContentBias,
} from "./transformer-xl.js";

export interface XlnetOptions extends Pick<TransformerXlOptions, "clampLength" | "initialDeviation"> {
  /** Whether attention gets each token's segment, as state [B, S, 1], and scores depend on its being the same. Default "none". */
  readonly segments?: "none" | "state";
}

type XlnetParameters = RelativeSinusoidParameters | "segmentBias" | "segments";

/**
 * Transformer-XL's relative sinusoids for both sides, and a term for keys of the same or another segment.
 *
 * s_ij = [(q_i + u)·k_j + (q_i + v)·(W_R·R_{i−j}) + (q_i + s)·g_{same or other}]/√d; the paper's distance is query − key.
 * `segments` is [2, H, D]: same, other; s = `segmentBias` [H, D]. Yang et al., arXiv:1906.08237. Agrees with Hugging
 * Face's XLNetRelativeAttention; its `w_r` [width, H, D] is `weight` [H·D, width] here.
 */
export function xlnet(
  options: XlnetOptions = {},
): EncodingWith<"transform" | "relativeScores" | "parameters", XlnetParameters> {
  const { clampLength, initialDeviation = 0.02, segments = "none" } = options;
  return defineEncoding({
    kind: "xlnet",
    settings: { clampLength, initialDeviation, segments },
    cache: segments === "state" ? "state" : "rotated-keys",
    scope: "layer",
    parameters: (shape) => {
      const { heads, headSize } = shape;
      const trained = { initialize: normal(initialDeviation), decay: false };
      return {
        ...relativeSinusoidParameters(shape, { biases: "layer", initialDeviation }),
        ...(segments === "state" && {
          segmentBias: { ...trained, shape: [heads, headSize] },
          segments: { ...trained, shape: [2, heads, headSize] },
        }),
      };
    },
    transform: withContentBias,
    relativeScores: (context) => {
      const scores = relativeSinusoidScores(context, { layout: "concatenated", clampLength });
      return segments === "none" ? scores : add(scores, segmentScores(context));
    },
  });
}

/** scale·(q_i + s)·g: one of two numbers of a query, by whether the key is of its segment. */
function segmentScores(context: RelativeScoresContext<XlnetParameters>): Tensor {
  const { query, state, parameters, scale } = context;
  check(state, "xlnet", () => "segments need attention's `state` [B, S, 1], got none");
  const [batch, keys] = state.shape as readonly [Dim, Dim];
  const queries = query.shape[2] as Dim;
  const own = slice(state, { 1: [subtractDims(keys, queries), keys] });
  const same = equal(own, reshape(state, [batch, 1, keys]));
  const shifted = mul(withBiasInstead(context, parameters.segmentBias), scale);
  const [sameScores, otherScores] = [0, 1].map((kind) => {
    const vector = slice(parameters.segments, { 0: [kind, kind + 1] });
    const column = reshape(vector, [1, vector.shape[1] as Dim, vector.shape[2] as Dim, 1]);
    return scaledMatMul(shifted, column);
  }) as [Tensor, Tensor];
  return where(overHeads(same), sameScores, otherScores);
}
