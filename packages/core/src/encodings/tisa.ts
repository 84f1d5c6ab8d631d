import { normal } from "../nn/parameters.js";
import { abs, cast, exp, mul, neg, reduceSum, reshape, square, sub } from "../primitives/operations.js";
import { biasByDistance } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface TisaOptions {
  /** Number of bells for each head. Default 5. */
  readonly kernels?: number;
}

/**
 * Translation-invariant self-attention: a trained sum of bell curves of the distance for each head.
 *
 * b_h(i, j) = Σ_s a_s·exp(−|b_s|·(j − i − c_s)²). Wennberg and Henter, arXiv:2106.01950. Relative positions are key −
 * query, as in the paper. The authors' code reads i − j − 1 instead, which only renames the trained centres c.
 */
export function tisa(
  options: TisaOptions = {},
): EncodingWith<"bias" | "parameters", "amplitude" | "sharpness" | "centre"> {
  const { kernels = 5 } = options;
  return defineEncoding({
    kind: "tisa",
    settings: { kernels },
    cache: "rotated-keys",
    parameters: ({ heads }) => ({
      amplitude: { shape: [heads, kernels], initialize: normal(0.01, 0.1), decay: false },
      sharpness: { shape: [heads, kernels], initialize: normal(0.01, 0.1), decay: false },
      centre: { shape: [heads, kernels], initialize: normal(5), decay: false },
    }),
    bias: ({ parameters: { amplitude, sharpness, centre }, query, key }) => {
      return biasByDistance({ query, key }, (distances) => {
        const offset = sub(reshape(cast(distances, "float32"), [...distances.shape, 1, 1]), centre);
        return reduceSum(mul(amplitude, exp(neg(mul(abs(sharpness), square(offset))))), -1);
      });
    },
  });
}
