import {
  type CrossEntropyOptions,
  crossEntropy,
  dimension,
  type HostTensor,
  layerNorm,
  logSoftmax,
  rmsNorm,
  softmax,
  type Tensor,
  tensor,
  topK,
} from "@relpos/core";
import { type Shape, within } from "../primitive/values.js";
import { printShapes } from "../print-shapes.js";
import { allOutputs, type CompositeCall, halfToo, product, single } from "./composite-call.js";
import type { CompositeName } from "./composite-name.js";

const wide = within(-20, 20);
const [batch, length] = [dimension("batch"), dimension("length")];
const lowest = -3.4028234663852886e38;

function shares(f: (x: Tensor, axis?: number) => Tensor): readonly CompositeCall[] {
  const call = (shape: Shape, axis: number): CompositeCall => ({
    details: `${printShapes([shape])} axis ${axis}`,
    dtypes: single,
    quick: false,
    length: shape.at(axis) as number,
    magnitude: 1,
    inputs: (dtype) => [wide(shape, dtype)],
    f: ([x]) => [f(x as Tensor, axis)],
  });
  const given = (details: string, values: readonly number[], shape: Shape): CompositeCall => ({
    ...call(shape, -1),
    details,
    inputs: () => [tensor(values, shape)],
  });
  return [
    { ...call([3, 5, 8], -1), dtypes: halfToo, quick: true },
    { ...call([3, 5, 8], 0), dtypes: halfToo },
    { ...call([3, 5, 8], 1), dtypes: halfToo, quick: true },
    call([7], 0),
    call([4, 1], 1),
    call([0, 3], 1),
    call([2, 1, 3, 2, 4], 2),
    call([40, 3000], 1),
    call([3000, 40], 0),
    given("large numbers", [1e30, 1e30, -1e30, 500, 0, -500], [2, 3]),
    given("hidden keys", [lowest, 1, 2, lowest, lowest, lowest], [2, 3]),
    given("NaN in one row", [Number.NaN, 1, 2, 1, 2, 3], [2, 3]),
    { ...call([3, 5], -1), details: "named sizes", shapes: [[batch, length]] },
  ];
}

interface Norm {
  readonly f: (x: Tensor, scale: Tensor, bias: Tensor | undefined, epsilon: number | undefined) => Tensor;
  readonly biases: readonly boolean[];
}

/** Both kinds of norm over their optional bias, epsilon and statistics. */
function norms({ f, biases }: Norm): readonly CompositeCall[] {
  const call = (shape: Shape, bias: boolean, epsilon: number | undefined, statistics: boolean): CompositeCall => {
    const width = shape.at(-1) as number;
    const attributes = [
      printShapes([shape]),
      bias && "bias",
      epsilon !== undefined && `epsilon ${epsilon}`,
      statistics && "with statistics",
    ];
    return {
      details: attributes.filter(Boolean).join(" "),
      dtypes: single,
      quick: false,
      length: width,
      magnitude: 20,
      inputs: (dtype) => [wide(shape, dtype), ...[2, 3].map((seed) => within(-1, 1)([width], dtype, seed))],
      f: ([x, scale, shift]) => {
        const output = f(x as Tensor, scale as Tensor, bias ? shift : undefined, epsilon);
        return statistics ? allOutputs(output) : [output];
      },
    };
  };
  return [
    ...product(biases, [undefined, 1e-3], [false, true]).map(
      ([bias, epsilon, statistics]): CompositeCall => ({
        ...call([3, 5, 16], bias, epsilon, statistics),
        dtypes: halfToo,
        quick: epsilon === undefined && bias === biases.at(-1),
      }),
    ),
    call([16], false, undefined, false),
    call([0, 16], false, undefined, true),
    call([6, 1], false, undefined, false),
    call([2, 1, 2, 3, 8], false, undefined, true),
    call([33, 768], false, undefined, true),
    { ...call([2, 3, 8], false, undefined, true), details: "named sizes", shapes: [[batch, length, 8], [8], [8]] },
  ];
}

const labels = (shape: Shape): HostTensor => within(0, 4)(shape, "int32", 5);

function entropy(
  { ignoreIndex, labelSmoothing, reduction }: CrossEntropyOptions,
  both: boolean,
  shape: Shape = [2, 3, 5],
): CompositeCall {
  const attributes = [
    printShapes([shape]),
    reduction,
    ignoreIndex !== undefined && `ignoring ${ignoreIndex}`,
    labelSmoothing && "smoothed",
    both && "with log probabilities",
  ];
  const options = {
    ...(ignoreIndex !== undefined && { ignoreIndex }),
    ...(labelSmoothing !== undefined && { labelSmoothing }),
    ...(reduction !== undefined && { reduction }),
  };
  return {
    details: attributes.filter(Boolean).join(", "),
    dtypes: single,
    others: ["int32", "bool"],
    quick: reduction === "mean" && ignoreIndex === 2 && !both,
    length: shape.reduce((a, b) => a * b, 1),
    magnitude: 20,
    inputs: (dtype) => [wide(shape, dtype), labels(shape.slice(0, -1))],
    f: ([logits, ids]) => {
      const loss = crossEntropy(logits as Tensor, ids as Tensor, options);
      return both ? allOutputs(loss) : [loss];
    },
  };
}

/** The largest of rows, with their indices: one, some, all, of many, and in the order of places where they are equal. */
function largest(): readonly CompositeCall[] {
  const call = (shape: Shape, k: number): CompositeCall => ({
    details: `${printShapes([shape])} k ${k}`,
    dtypes: single,
    others: ["int32", "bool"],
    quick: false,
    length: 1,
    magnitude: 1,
    inputs: (dtype) => [wide(shape, dtype)],
    f: ([x]) => {
      const { values, indices } = topK(x as Tensor, k);
      return [values, indices];
    },
  });
  const given = (details: string, values: readonly number[], k: number): CompositeCall => ({
    ...call([values.length], k),
    details,
    inputs: (dtype) => [tensor(values, [values.length], dtype)],
  });
  const { NEGATIVE_INFINITY: hidden, POSITIVE_INFINITY: infinite } = Number;
  return [
    { ...call([3, 8], 3), dtypes: halfToo, quick: true },
    call([7], 1),
    call([2, 3, 5], 5),
    call([0, 5], 2),
    call([2, 3000], 40),
    { ...given("equal ones", [1, 3, 2, 3, 1, 2, 3, 3], 6), dtypes: halfToo, quick: true },
    given("all equal", new Array<number>(70).fill(2), 50),
    { ...given("hidden ones", [hidden, 1, hidden, infinite, hidden, -5], 5), dtypes: halfToo },
    { ...call([3, 5], 2), details: "named sizes", shapes: [[batch, 5]] },
  ];
}

/** Calls of composites that look at whole rows. */
export const rowCalls = {
  topK: largest(),
  softmax: shares(softmax),
  logSoftmax: shares(logSoftmax),
  layerNorm: norms({
    f: (x, scale, bias, epsilon) => layerNorm(x, scale, bias, epsilon === undefined ? {} : { epsilon }),
    biases: [false, true],
  }),
  rmsNorm: norms({
    f: (x, scale, _, epsilon) => rmsNorm(x, scale, epsilon === undefined ? {} : { epsilon }),
    biases: [false],
  }),
  crossEntropy: [
    ...product(["mean", "sum", "none"], [undefined, 2], [0, 0.1], [false, true]).map(
      ([reduction, ignoreIndex, labelSmoothing, both]) =>
        entropy({ reduction, labelSmoothing, ...(ignoreIndex !== undefined && { ignoreIndex }) }, both),
    ),
    entropy({ reduction: "mean" }, false, [5]),
    entropy({ reduction: "mean" }, false, [40, 700]),
    {
      ...entropy({ reduction: "mean", ignoreIndex: -100 }, false, [2, 3]),
      details: "every row ignored",
      inputs: () => [wide([2, 3], "float32"), tensor([-100, -100], [2], "int32")],
    },
    {
      ...entropy({ reduction: "none" }, false, [2, 3]),
      details: "large numbers",
      inputs: () => [tensor([1000, 0, -1000, -1000, 0, 1000], [2, 3]), tensor([2, 2], [2], "int32")],
    },
    {
      ...entropy({ reduction: "mean", ignoreIndex: 1 }, true),
      details: "named sizes",
      shapes: [
        [batch, length, 5],
        [batch, length],
      ],
    },
  ],
} as const satisfies Partial<Record<CompositeName, readonly CompositeCall[]>>;
