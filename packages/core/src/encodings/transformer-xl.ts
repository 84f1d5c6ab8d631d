import { normal } from "../nn/parameters.js";
import { add, mul, reshape, sub } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  defineEncoding,
  type EncodingParameterSpecs,
  type EncodingShape,
  type EncodingWith,
  type RelativeScoresContext,
  type TransformContext,
  type Transformed,
} from "./encoding.js";
import { type RelativeSinusoidOptions, relativeSinusoidProducts } from "./relative-sinusoid.js";

export interface TransformerXlOptions {
  /** Distance from which on all keys share one sinusoid, `clamp_len`. Default: none. */
  readonly clampLength?: number;
  /** Whether the biases u and v are one set for the model, or one for each layer (`untie_r`). Default "model". */
  readonly biases?: "model" | "layer";
  /** Standard deviation of the initial parameters. Default 0.02. */
  readonly initialDeviation?: number;
}

/** Parameters of relative sinusoids: `weight` [H·D, width], `contentBias` and `positionBias` [H, D]. */
export type RelativeSinusoidParameters = "weight" | "contentBias" | "positionBias";

/**
 * Sinusoids of relative positions with two trained biases, for attention over segments with memory.
 *
 * s_ij = [(q_i + u)·k_j + (q_i + v)·(W_R·R_{i−j})]/√d, R_n = [sin nω | cos nω] over the model's width. The paper's
 * distance is query − key. Memory is a cache of untransformed keys. Dai et al., arXiv:1901.02860. Agrees with
 * kimiyoung/transformer-xl (`RelPartialLearnableMultiHeadAttn`), whose shift is right for j ≤ i + memory only; here keys
 * after the query have their own sinusoids. u = `contentBias`, v = `positionBias`, W_R = `weight`.
 */
export function transformerXl(
  options: TransformerXlOptions = {},
): EncodingWith<"transform" | "relativeScores" | "parameters", RelativeSinusoidParameters> {
  const { clampLength, biases = "model", initialDeviation = 0.02 } = options;
  return defineEncoding({
    kind: "transformer-xl",
    settings: { clampLength, biases, initialDeviation },
    cache: "rotated-keys",
    scope: "layer",
    parameters: (shape) => relativeSinusoidParameters(shape, { biases, initialDeviation }),
    transform: withContentBias,
    relativeScores: (context) => relativeSinusoidScores(context, { layout: "concatenated", clampLength }),
  });
}

/** Initial parameters of Transformer-XL, XLNet and Conformer. */
export function relativeSinusoidParameters(
  { width, heads, headSize }: EncodingShape,
  { biases, initialDeviation }: Required<Pick<TransformerXlOptions, "biases" | "initialDeviation">>,
): EncodingParameterSpecs {
  const initialize = normal(initialDeviation);
  const bias = { shape: [heads, headSize], initialize, decay: false, scope: biases };
  return {
    weight: { shape: [heads * headSize, width], initialize },
    contentBias: bias,
    positionBias: bias,
  };
}

/** q + u, so that products are (q_i + u)·k_j. */
export function withContentBias({ query, key, parameters }: TransformContext<"contentBias">): Transformed {
  return { query: add(query, perHead(parameters.contentBias)), key };
}

/** A bias for each head in place of u on queries that have u: (q_i + u) + (v − u). */
export function withBiasInstead({ query, parameters }: RelativeScoresContext<"contentBias">, bias: Tensor): Tensor {
  return add(query, perHead(sub(bias, parameters.contentBias)));
}

/** scale·(q_i + v)·(W_R·R_{i−j}) [B, H, Q, K]. */
export function relativeSinusoidScores(
  context: RelativeScoresContext<RelativeSinusoidParameters>,
  options: RelativeSinusoidOptions,
): Tensor {
  const { parameters, scale, queryPositions, keyPositions, widest } = context;
  const shifted = mul(withBiasInstead(context, parameters.positionBias), scale);
  const at = { query: queryPositions, key: keyPositions };
  return relativeSinusoidProducts(shifted, parameters.weight, at, { ...options, widest });
}

/** [H, D] as [1, H, 1, D]. */
function perHead(bias: Tensor): Tensor {
  const [heads, size] = bias.shape as readonly [number, number];
  return reshape(bias, [1, heads, 1, size]);
}
