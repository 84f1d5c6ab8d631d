import { sigmoid } from "../composites/activations.js";
import { groupedScores } from "../composites/attention.js";
import { filled } from "../nn/parameters.js";
import {
  constant,
  div,
  exp,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  sqrt,
  square,
} from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { biasOfRows } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { perceptron, perceptronParameters } from "./perceptron.js";
import { checkGrid, differenceCount, differenceIndices, type WindowGrid } from "./window-grid.js";

export interface SwinV2Options extends WindowGrid {
  /** The window that the model was trained at first, which offsets are measured by. Default: the window itself. */
  readonly pretrained?: WindowGrid;
  /** Width of the network's hidden layer. Default 512. */
  readonly hidden?: number;
}

/** The largest factor on a cosine, ln 100, and the first one, ln 10. */
const mostLogitScale = Math.log(100);
const firstLogitScale = Math.log(10);

/** The bias lies between 0 and 16. */
const largestBias = 16;

/** Least squared length that a vector is divided by: that of PyTorch's `normalize`, 10⁻¹², squared. */
const leastSquare = 1e-24;

/**
 * What the network reads of each difference in a window, [(2·height − 1)·(2·width − 1), 2] in row-major order: rows and
 * columns as shares of the trained window, times 8, then sign(x)·log₂(|x| + 1)/log₂ 8.
 */
export function swinV2Coordinates({ height, width, pretrained }: SwinV2Options): Float64Array {
  const coordinate = (difference: number, size: number): number => {
    const share = (difference / Math.max(size - 1, 1)) * 8;
    return (Math.sign(share) * Math.log2(Math.abs(share) + 1)) / Math.log2(8);
  };
  const [rows, columns] = [2 * height - 1, 2 * width - 1];
  const values = Array.from({ length: rows * columns }, (_, index) => [
    coordinate(Math.floor(index / columns) - height + 1, (pretrained ?? { height }).height),
    coordinate((index % columns) - width + 1, (pretrained ?? { width }).width),
  ]);
  return Float64Array.from(values.flat());
}

/**
 * Swin v2's log-spaced continuous position bias with cosine attention.
 *
 * s_ij = cos(q_i, k_j)·exp(min(τ_h, ln 100)) + 16·sigmoid(MLP(Δ̂))_h, Δ = query − key on the window's grid, the negative
 * of our relative position, Δ̂ = log-spaced. Liu et al., arXiv:2111.09883. The model's scale and soft cap have no part in
 * it. Agrees with `Swinv2SelfAttention` of Hugging Face, whose bound on exp τ is the paper's on the temperature,
 * 1/exp τ ≥ 0.01; 16·sigmoid is in the code only.
 */
export function swinV2(options: SwinV2Options): EncodingWith<"bias" | "transform" | "scores" | "parameters", string> {
  const { height, width, pretrained, hidden = 512 } = options;
  const grid = { height, width };
  checkGrid("swinV2", grid);
  return defineEncoding<string>({
    kind: "swin-v2",
    settings: { ...grid, pretrained, hidden },
    cache: "rotated-keys",
    maximumPositions: height * width,
    scope: "layer",
    parameters: ({ heads }) => ({
      ...perceptronParameters({ sizes: [2, hidden, heads], lastBias: false }),
      logitScale: { shape: [heads], initialize: filled(firstLogitScale), decay: false },
    }),
    transform: ({ query, key }) => ({ query: direction(query), key: direction(key) }),
    bias: ({ parameters, query, key }) => {
      const coordinates = constant(exactTensor(swinV2Coordinates(options), [differenceCount(grid), 2]));
      const table = mul(sigmoid(perceptron(parameters, coordinates, (x) => maximum(x, 0))), largestBias);
      return biasOfRows(table, differenceIndices({ query, key }, grid));
    },
    scores: ({ parameters, query, key }) => {
      const factors = exp(minimum(parameters.logitScale as Tensor, mostLogitScale));
      const heads = query.shape[1] as number;
      return groupedScores(mul(query, reshape(factors, [1, heads, 1, 1])), key, 1);
    },
  }) as EncodingWith<"bias" | "transform" | "scores" | "parameters", string>;
}

/** Vectors of length 1 along the last axis. */
function direction(x: Tensor): Tensor {
  return div(x, sqrt(maximum(reduceSum(square(x), -1, { keepDims: true }), leastSquare)));
}
