import { silu } from "../composites/activations.js";
import { check } from "../errors.js";
import { abs, add, cast, log, mul, neg, reshape, sign } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { biasByDistance } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { perceptron, perceptronParameters } from "./perceptron.js";

/** What the network reads of a distance n = i − j. */
const scales = {
  linear: (distance: Tensor): Tensor => distance,
  log: (distance: Tensor): Tensor => mul(sign(distance), log(add(abs(distance), 1))),
} as const;

export interface DynamicPositionBiasOptions {
  /** n itself, or sign(n)·ln(|n| + 1). Default "linear", as in x-transformers. */
  readonly distance?: keyof typeof scales;
  /** Width of the hidden layers. Default: a quarter of the model's width, rounded up. */
  readonly hidden?: number;
  /** Number of hidden layers. Default 2. */
  readonly depth?: number;
}

/**
 * Dynamic (continuous) position bias: a trained network of the distance gives a bias for each head.
 *
 * b_h(i, j) = MLP(i − j)_h, or of sign(n)·ln(|n| + 1), with SiLU between layers. Wang et al. (CrossFormer),
 * arXiv:2108.00154, where the distance has two coordinates and the network layer norms and ReLU. The network reads
 * query − key, the negative of our relative position. Agrees with `DynamicPositionBias` of x-transformers.
 */
export function dynamicPositionBias(
  options: DynamicPositionBiasOptions = {},
): EncodingWith<"bias" | "parameters", string> {
  const { distance = "linear", hidden, depth = 2 } = options;
  check(Number.isInteger(depth) && depth > 0, "dynamicPositionBias", () => {
    return `depth must be whole and positive, got ${depth}`;
  });
  return defineEncoding<string>({
    kind: "dynamic-position-bias",
    settings: { distance, hidden, depth },
    cache: "rotated-keys",
    parameters: ({ heads, width }) => {
      const layers = Array<number>(depth).fill(hidden ?? Math.ceil(width / 4));
      return perceptronParameters({ sizes: [1, ...layers, heads] });
    },
    bias: ({ parameters, query, key }) => {
      return biasByDistance({ query, key }, (relative) => {
        const read = scales[distance](cast(neg(relative), "float32"));
        return perceptron(parameters, reshape(read, [...relative.shape, 1]), silu);
      });
    },
  }) as EncodingWith<"bias" | "parameters", string>;
}
