import {
  argMax,
  type CumSumOptions,
  cumSum,
  type DType,
  elementCount,
  type HostTensor,
  matMul,
  type PrimitiveName,
  reduceMax,
  reduceSum,
  type Tensor,
  tensor,
} from "@relpos/core";
import { printShapes } from "../print-shapes.js";
import { numbers, type PrimitiveCall, reals } from "./primitive-call.js";
import { type Shape, values } from "./values.js";

const product = (left: Shape, right: Shape): PrimitiveCall => ({
  details: printShapes([left, right]),
  dtypes: ["float32"],
  tolerance: "contraction",
  length: Math.max(1, left.at(-1) as number),
  inputs: (dtype) => [values(left, dtype, 1), values(right, dtype, 2)],
  f: ([a, b]) => matMul(a as Tensor, b as Tensor),
});

type Axes = number | readonly number[] | undefined;
interface Reduction {
  readonly f: (x: Tensor, axes: Axes, options: { readonly keepDims: boolean }) => Tensor;
  readonly tolerance: PrimitiveCall["tolerance"];
  readonly others?: readonly DType[];
}
const sum: Reduction = { f: reduceSum, tolerance: "contraction" };
const largest: Reduction = { f: reduceMax, tolerance: "exact" };
const place: Reduction = {
  f: (x, axis, options) => argMax(x, axis as number, options),
  tolerance: "exact",
  others: ["int32"],
};

function reduced({ f, tolerance, others = [] }: Reduction, shape: Shape, axes: Axes, keepDims = false): PrimitiveCall {
  const over = axes === undefined ? "all" : `axis ${[axes].flat().join(" and ")}`;
  return {
    details: `${printShapes([shape])} over ${over}${keepDims ? ", kept" : ""}`,
    dtypes: ["float32"],
    others,
    tolerance,
    length: Math.max(1, elementCount(shape)),
    inputs: (dtype) => [values(shape, dtype)],
    f: ([x]) => f(x as Tensor, axes, { keepDims }),
  };
}

const ofNumbers = (call: PrimitiveCall, quick: readonly DType[] = ["float32", "int32"]): PrimitiveCall => ({
  ...call,
  dtypes: numbers,
  quick,
});

const given = (call: PrimitiveCall, details: string, inputs: readonly HostTensor[]): PrimitiveCall => ({
  ...call,
  details,
  dtypes: [inputs[0]?.dtype as DType],
  quick: [inputs[0]?.dtype as DType],
  inputs: () => inputs,
});

const running = (shape: Shape, axis: number, options: CumSumOptions = {}): PrimitiveCall => ({
  details: [`${printShapes([shape])} axis ${axis}`, ...Object.keys(options)].join(" "),
  dtypes: ["float32"],
  tolerance: "contraction",
  length: Math.max(1, shape[axis] as number),
  running: true,
  inputs: (dtype) => [values(shape, dtype)],
  f: ([x]) => cumSum(x as Tensor, axis, options),
});

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const extremes = tensor([-infinity, -infinity, -infinity, 1, infinity, 2, -3, -2, -infinity], [3, 3]);
const ends = tensor([-(2 ** 31), -(2 ** 31), 2 ** 31 - 1, 2 ** 31 - 2, -5, -7], [3, 2], "int32");
const ties = tensor([1, 3, 3, 2, 2, 2, -1, -1, -1], [3, 3]);
const manyTies = tensor(
  Array.from({ length: 300 }, (_, index) => (index * 7) % 5),
  [2, 150],
);

/** Calls of primitives that make fewer elements of many, products and running sums. */
export const reductionCalls = {
  matMul: [
    { ...product([2, 3, 4], [2, 4, 5]), dtypes: reals, quick: ["float32"] },
    { ...product([2, 1, 3, 4], [3, 4, 5]), quick: ["float32"] },
    product([3, 4], [4, 5]),
    product([1, 4], [4, 1]),
    product([3, 4], [2, 4, 5]),
    product([2, 3, 4], [4, 5]),
    product([3, 0], [0, 2]),
    product([0, 3], [3, 2]),
    product([0, 2, 3], [3, 2]),
    product([2, 1, 1, 3, 2], [1, 2, 2, 2, 4]),
    product([1, 700], [700, 33]),
    product([33, 700], [700, 1]),
    product([65, 130], [130, 67]),
    product([4, 17, 96], [4, 96, 40]),
    product([5, 4096], [4096, 3]),
    given(product([2, 3], [3, 2]), "NaN and infinities", [
      tensor([nan, 1, 2, infinity, 3, 4], [2, 3]),
      tensor([1, 0.5, 2, 3, -1, 2], [3, 2]),
    ]),
  ],
  reduceSum: [
    ofNumbers(reduced(sum, [2, 3, 4], [0, 2])),
    ofNumbers(reduced(sum, [2, 3, 4], undefined), ["float32"]),
    ofNumbers(reduced(sum, [2, 3, 4], 1, true), []),
    reduced(sum, [2, 3, 4], 0),
    reduced(sum, [2, 3, 4], 2),
    reduced(sum, [2, 3, 4], [0, 1, 2], true),
    reduced(sum, [5], 0),
    reduced(sum, [1], 0),
    reduced(sum, [0], 0),
    reduced(sum, [2, 0, 3], 1),
    reduced(sum, [2, 0, 3], 2),
    reduced(sum, [2, 1, 3, 2, 2], [0, 3]),
    reduced(sum, [4000, 9], 0),
    reduced(sum, [9, 4000], 1),
    reduced(sum, [2048, 65], 0),
  ],
  reduceMax: [
    ofNumbers(reduced(largest, [2, 3, 4], [0, 2])),
    ofNumbers(reduced(largest, [2, 3, 4], -1, true), []),
    reduced(largest, [2, 3, 4], undefined),
    reduced(largest, [5], 0),
    reduced(largest, [0, 3], 1),
    reduced(largest, [2, 1, 3, 2, 2], [1, 4]),
    reduced(largest, [9, 4000], 1),
    given(reduced(largest, [3, 3], 1), "infinities", [extremes]),
    given(reduced(largest, [3, 2], 1), "ends of int32", [ends]),
  ],
  argMax: [
    ofNumbers(reduced(place, [2, 3, 4], 1)),
    ofNumbers(reduced(place, [2, 3, 4], 2, true), []),
    reduced(place, [5], 0),
    reduced(place, [0, 3], 1),
    reduced(place, [2, 1, 3, 2, 2], 2),
    reduced(place, [9, 4000], 1),
    reduced(place, [400, 9], 0),
    given(reduced(place, [3, 3], 1), "the first of equals", [ties]),
    { ...given(reduced(place, [2, 150], 1), "the first of many equals", [manyTies]), quick: ["float32"] },
    given(reduced(place, [3, 3], 1), "infinities", [extremes]),
    given(reduced(place, [3, 2], 0), "ends of int32", [ends]),
  ],
  cumSum: [
    ofNumbers(running([2, 3, 4], 1)),
    ofNumbers(running([2, 3, 4], 2, { exclusive: true, reverse: true }), ["float32"]),
    running([2, 3, 4], 0, { exclusive: true }),
    running([2, 3, 4], 0, { reverse: true }),
    running([7], 0),
    running([1], 0, { exclusive: true }),
    running([0], 0),
    running([2, 0], 0),
    running([2, 1, 3, 2, 2], 2, { reverse: true }),
    running([9, 3000], 1),
    running([3000, 9], 0, { exclusive: true }),
  ],
} as const satisfies Partial<Record<PrimitiveName, readonly PrimitiveCall[]>>;
