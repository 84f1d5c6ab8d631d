import {
  type AttentionOptions,
  alongDiagonals,
  attend,
  attention,
  type CrossEntropyOptions,
  constant,
  crossEntropy,
  dequantizeBlocks,
  dropout,
  embedding,
  gelu,
  type HostTensor,
  layerNorm,
  linear,
  logSoftmax,
  matMulNBits,
  mean,
  mul,
  reduceSum,
  relativeShift,
  rmsNorm,
  rotaryEmbedding,
  scaledMatMul,
  scatterAdd,
  sigmoid,
  silu,
  softmax,
  softplus,
  split,
  square,
  type Tensor,
  tensor,
  tensorScatter,
  topK,
  triangularInverse,
} from "@relpos/core";
import type { CompositeName } from "../composite/composite-name.js";
import { between, booleans, gaussian, integers } from "../random-tensors.js";
import type { NamedGradientCase } from "./gradient-case.js";
import { of, one } from "./make.js";

const flags = [false, true];
const ids = constant(integers([2, 0, 2, 1], [2, 2]));

const bytes = constant(
  tensor(
    Array.from({ length: 12 }, (_, index) => (index * 83) % 256),
    [3, 2, 2],
    "uint8",
  ),
);

const labels = constant(integers([1, 4, 0, 2], [2, 2]));
const entropy = (attributes: string, options: CrossEntropyOptions): NamedGradientCase =>
  of((x: Tensor) => crossEntropy(x, labels, options), [gaussian([2, 2, 5])], attributes);

const tables = { cos: between(-1, 1, [1, 3, 2], "cos"), sin: between(-1, 1, [1, 3, 2], "sin") };
const rotary = (interleaved: boolean, size: number): NamedGradientCase =>
  of(
    (x: Tensor) => rotaryEmbedding(x, constant(tables.cos), constant(tables.sin), { interleaved }),
    [gaussian([2, 2, 3, size])],
    interleaved ? "interleaved" : "halves",
  );

const heads = (count: number, length: number, seed: string): HostTensor => gaussian([2, count, length, 4], seed);
const attended = (
  attributes: string,
  [query, key]: readonly [heads: number, kvHeads: number],
  options: (...extra: readonly Tensor[]) => AttentionOptions = () => ({}),
  extra: readonly HostTensor[] = [],
  [queries, keys]: readonly [number, number] = [3, 4],
): NamedGradientCase =>
  of(
    (q: Tensor, k: Tensor, v: Tensor, ...others: readonly Tensor[]) => attention(q, k, v, options(...others)).output,
    [heads(query, queries, "q"), heads(key, keys, "k"), heads(key, keys, "v"), ...extra],
    attributes,
  );

const scoresAndValues = [gaussian([2, 3, 4]), gaussian([2, 4, 5], 1)];

/** At least one case for every composite, over its attributes. */
export const compositeGradients: Readonly<Record<CompositeName, readonly NamedGradientCase[]>> = {
  softmax: [...one((x) => softmax(x), "last axis"), ...one((x) => softmax(x, 0), "axis 0")],
  logSoftmax: [...one((x) => logSoftmax(x), "last axis"), ...one((x) => logSoftmax(x, 0), "axis 0")],
  crossEntropy: [
    entropy("mean", {}),
    entropy("sum", { reduction: "sum" }),
    entropy("none", { reduction: "none" }),
    entropy("ignoring 4", { ignoreIndex: 4 }),
    entropy("smoothed", { labelSmoothing: 0.1 }),
    entropy("none, smoothed, ignoring 0", { labelSmoothing: 0.2, ignoreIndex: 0, reduction: "none" }),
  ],
  sigmoid: one(sigmoid),
  silu: one(silu),
  softplus: one(softplus),
  relativeShift: [
    of((x: Tensor) => relativeShift(x), [gaussian([2, 3, 8])], "uneven"),
    of((x: Tensor) => relativeShift(x), [gaussian([2, 16, 65])], "in blocks"),
  ],
  alongDiagonals: [
    of((x: Tensor) => alongDiagonals(x, 3), [gaussian([2, 8])], "uneven"),
    of((x: Tensor) => alongDiagonals(x, 16), [gaussian([2, 65])], "in blocks"),
  ],
  tensorScatter: [
    of(
      (cache: Tensor, rows: Tensor) => tensorScatter(cache, rows, constant(tensor([3, 0], [2], "int32"))),
      [gaussian([2, 1, 5, 2]), gaussian([2, 1, 3, 2], 1)],
      "one row beyond",
    ),
  ],
  topK: [of((x: Tensor) => topK(x, 3).values, [gaussian([2, 5])])],
  triangularInverse: [of((x: Tensor) => triangularInverse(x), [gaussian([2, 5, 5])])],
  gelu: [...one((x) => gelu(x), "exact"), ...one((x) => gelu(x, "tanh"), "tanh")],
  mean: [...one((x) => mean(x), "last axis"), ...one((x) => mean(x, 0, { keepDims: true }), "axis 0 kept")],
  split: [
    of(
      (x: Tensor) => {
        const [first, second, third] = split(x, [1, 3, 2], 1) as readonly [Tensor, Tensor, Tensor];
        return mul(reduceSum(mul(first, second), 1, { keepDims: true }), third);
      },
      [gaussian([2, 6])],
    ),
    of((x: Tensor) => square(split(x, [2, 1], 0)[0] as Tensor), [gaussian([3, 2])], "one piece used"),
  ],
  layerNorm: [
    of(
      (x: Tensor, scale: Tensor, bias: Tensor) => layerNorm(x, scale, bias),
      [gaussian([2, 3, 4]), gaussian([4], 1), gaussian([4], 2)],
    ),
    of(
      (x: Tensor, scale: Tensor) => layerNorm(x, scale, undefined, { epsilon: 0.1 }),
      [gaussian([3, 4]), gaussian([4], 1)],
    ),
  ],
  rmsNorm: [of((x: Tensor, scale: Tensor) => rmsNorm(x, scale), [gaussian([2, 3, 4]), gaussian([4], 1)])],
  linear: [
    of(linear, [gaussian([2, 3, 4]), gaussian([5, 4], 1), gaussian([5], 2)]),
    of((x: Tensor, weight: Tensor) => linear(x, weight), [gaussian([3, 4]), gaussian([2, 4], 1)]),
  ],
  scaledMatMul: flags.flatMap((transposeLeft) =>
    flags.map((transposeRight) => {
      const [a, b] = [transposeLeft ? [3, 2] : [2, 3], transposeRight ? [4, 3] : [3, 4]];
      return of(
        (x: Tensor, y: Tensor) => scaledMatMul(x, y, { transposeLeft, transposeRight, scale: 0.5 }),
        [gaussian([2, ...a]), gaussian([1, ...b], 1)],
      );
    }),
  ),
  dequantizeBlocks: [of((scales: Tensor) => dequantizeBlocks(bytes, scales, 4), [gaussian([3, 2])])],
  matMulNBits: [
    of(
      (x: Tensor, scales: Tensor, bias: Tensor) => matMulNBits(x, bytes, scales, 8, bias),
      [gaussian([2, 4]), gaussian([3, 2], 1), gaussian([3], 2)],
    ),
  ],
  scatterAdd: [
    of((x: Tensor) => scatterAdd(ids, x, 4), [gaussian([2, 2, 3])]),
    of((table: Tensor) => embedding(table, ids), [gaussian([4, 3])], "as the gradient of an embedding"),
  ],
  dropout: [of((x: Tensor) => dropout(x, constant(booleans([1, 0, 1, 1, 1, 0], [2, 3])), 0.25), [gaussian([2, 3])])],
  rotaryEmbedding: [rotary(false, 4), rotary(true, 4), rotary(false, 6), rotary(true, 7)],
  attend: [
    of((scores: Tensor, values: Tensor) => attend(scores, values).output, scoresAndValues, "output"),
    of((scores: Tensor, values: Tensor) => attend(scores, values).probabilities, scoresAndValues, "probabilities"),
    of(
      (scores: Tensor, values: Tensor) => {
        const { output, probabilities } = attend(scores, values);
        return output.add(reduceSum(square(probabilities)));
      },
      scoresAndValues,
      "both",
    ),
  ],
  attention: [
    attended("plain", [2, 2]),
    attended("grouped, causal", [4, 2], () => ({ causal: true })),
    attended("window, softcap, scale", [2, 1], () => ({ causal: true, window: 2, softcap: 3, scale: 0.7 }), [], [4, 4]),
    attended("bias, causal", [2, 2], (bias) => ({ bias, causal: true }), [gaussian([2, 3, 4], "bias")]),
    attended("mask", [2, 2], (mask) => ({ mask }), [booleans([1, 1, 0, 1, 1, 0, 1, 1], [2, 1, 1, 4])]),
    attended(
      "past, causal",
      [4, 2],
      (key, value) => ({ past: { key: key as Tensor, value: value as Tensor }, causal: true }),
      [heads(2, 3, "pk"), heads(2, 3, "pv")],
      [2, 2],
    ),
  ],
};
