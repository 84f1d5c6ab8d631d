import { scaledMatMul } from "../composites/linear.js";
import { check } from "../errors.js";
import { concat, constant, mul, reduceSum, reshape, sub } from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { rotationsAt } from "./angles.js";
import { overHeads } from "./distance.js";
import { biasByDistance } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { isRange } from "./position-range.js";

export interface SandwichOptions {
  /** d̄, twice the number of cosines. Default 128, as in the paper. */
  readonly dimension?: number;
}

/** ω_m = 10000^(−2m/d̄) for m = 1 … d̄/2. */
function sandwichFrequencies(dimension: number): Float64Array {
  check(Number.isInteger(dimension) && dimension > 0 && dimension % 2 === 0, "sandwich", () => {
    return `dimension must be even and positive, got ${dimension}`;
  });
  return Float64Array.from({ length: dimension / 2 }, (_, m) => 10_000 ** ((-2 * (m + 1)) / dimension));
}

/** H/(8h) for h = 1 … H: what a head multiplies the bias by. */
function sandwichSlopes(heads: number): Float64Array {
  return Float64Array.from({ length: heads }, (_, h) => heads / (8 * (h + 1)));
}

/** The bias of one distance for each head. */
export function sandwichBias(distance: number, heads: number, dimension = 128): Float64Array {
  const sum = sandwichFrequencies(dimension).reduce(
    (total, frequency) => total + Math.cos(distance * frequency) - 1,
    0,
  );
  return sandwichSlopes(heads).map((slope) => slope * sum);
}

/**
 * Products of sinusoidal positions as a bias: a fixed curve of the distance, of another steepness for each head.
 *
 * b_h(i, j) = (Σ_{m=1}^{d̄/2} cos((i − j)·10000^(−2m/d̄)) − d̄/2)·H/(8h), h = 1 … H. Chi et al., arXiv:2212.10356.
 * Symmetric; m begins at 1. No parameters. Agrees with NVIDIA NeMo where queries and keys are equally many; its causal
 * mask with fewer queries than keys hides keys that should be seen, which is not done here.
 */
export function sandwich(options: SandwichOptions = {}): EncodingWith<"bias"> {
  const { dimension = 128 } = options;
  const frequencies = sandwichFrequencies(dimension);
  return defineEncoding({
    kind: "sandwich",
    settings: { dimension },
    cache: "rotated-keys",
    bias: ({ query, key, heads }) => {
      const slopes = (shape: readonly number[]): Tensor => constant(exactTensor(sandwichSlopes(heads), shape));
      if (isRange(query) && isRange(key)) {
        return biasByDistance({ query, key }, (distances) => {
          const sum = reduceSum(sub(rotationsAt(distances, frequencies).cos, 1), -1, { keepDims: true });
          return mul(sum, slopes([heads]));
        });
      }
      const [own, others] = [sinusoids(query, frequencies), sinusoids(key, frequencies)];
      const products = scaledMatMul(own, others, { transposeRight: true });
      return mul(overHeads(sub(products, dimension / 2)), slopes([1, heads, 1, 1]));
    },
  });
}

/** Cosines and sines of positions: [...] → [..., d̄]. Their products are cosines of differences. */
function sinusoids(positions: Tensor, frequencies: ArrayLike<number>): Tensor {
  const { cos, sin } = rotationsAt(positions, frequencies);
  const width = 2 * frequencies.length;
  return reshape(concat([cos, sin], -1), [...positions.shape, width]);
}
