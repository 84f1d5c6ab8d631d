import { dimension, dropout, gelu, mean, sigmoid, silu, softplus, split, type Tensor, tensor } from "@relpos/core";
import { type Shape, within } from "../primitive/values.js";
import { printShapes } from "../print-shapes.js";
import { type CompositeCall, halfToo, product, single } from "./composite-call.js";
import type { CompositeName } from "./composite-name.js";

const wide = within(-20, 20);
const batch = dimension("batch");

interface Activation {
  readonly attributes: string;
  /** The largest number to try. Default 1e30. */
  readonly largest: number;
  /** Of the products inside: x times a share of it. Default 1. */
  readonly magnitude: number;
}

/** Functions of every element: what is far from 0 on both sides must not overflow on the way. */
function activation(
  f: (x: Tensor) => Tensor,
  { attributes = "", largest = 1e30, magnitude = 1 }: Partial<Activation>,
): readonly CompositeCall[] {
  const call = (shape: Shape): CompositeCall => ({
    details: [printShapes([shape]), attributes].filter(Boolean).join(" "),
    dtypes: single,
    quick: false,
    length: 1,
    magnitude,
    inputs: (dtype) => [wide(shape, dtype)],
    f: ([x]) => [f(x as Tensor)],
  });
  const ends = [Number.NaN, -largest, -100, -1e-3, 0, 1e-3, 100, largest];
  return [
    { ...call([3, 5, 8]), dtypes: halfToo, quick: true },
    ...[[], [0], [2, 0], [130, 513]].map(call),
    { ...call([ends.length]), details: `large numbers ${attributes}`.trim(), inputs: () => [tensor(ends, [8])] },
    { ...call([3, 5]), details: `named sizes ${attributes}`.trim(), shapes: [[batch, 5]] },
  ];
}

const averaged = (shape: Shape, axis: number, keepDims: boolean): CompositeCall => ({
  details: `${printShapes([shape])} axis ${axis}${keepDims ? " kept" : ""}`,
  dtypes: single,
  quick: false,
  length: shape[axis] as number,
  magnitude: 20,
  inputs: (dtype) => [wide(shape, dtype)],
  f: ([x]) => [mean(x as Tensor, axis, { keepDims })],
});

const pieces = (shape: Shape, axis: number, sizes: readonly number[], used?: readonly number[]): CompositeCall => ({
  details: `${printShapes([shape])} axis ${axis} into ${sizes.join(", ")}${used ? `, used ${used.join(", ")}` : ""}`,
  dtypes: single,
  quick: false,
  length: 1,
  magnitude: 1,
  inputs: (dtype) => [wide(shape, dtype)],
  f: ([x]) => {
    const all = split(x as Tensor, sizes, axis);
    return used ? used.map((index) => all[index] as Tensor) : all;
  },
});

const dropped = (shape: Shape, mask: Shape, rate: number): CompositeCall => ({
  details: `${printShapes([shape, mask])} rate ${rate}`,
  dtypes: halfToo,
  others: ["bool"],
  quick: rate > 0 && mask === shape,
  length: 1,
  magnitude: 1,
  inputs: (dtype) => [wide(shape, dtype), within(0, 1)(mask, "bool")],
  f: ([x, kept]) => [dropout(x as Tensor, kept as Tensor, rate)],
});

const matrix: Shape = [3, 6, 4];

/** Calls of composites that act on each element, or on each row alike. */
export const elementwiseCalls = {
  sigmoid: activation(sigmoid, {}),
  silu: activation(silu, { magnitude: 20 }),
  softplus: activation(softplus, {}),
  gelu: [
    ...activation((x) => gelu(x), { attributes: "exact", magnitude: 20 }),
    ...activation((x) => gelu(x, "tanh"), { attributes: "tanh", largest: 1e10, magnitude: 20 }),
  ],
  mean: [
    ...product([0, 1, 2], [false, true]).map(
      ([axis, keepDims]): CompositeCall => ({
        ...averaged(matrix, axis, keepDims),
        dtypes: halfToo,
        quick: axis === 1 && keepDims,
      }),
    ),
    averaged([7], 0, false),
    averaged([0, 3], 1, true),
    averaged([9, 4000], 1, false),
    { ...averaged([3, 5], 1, true), details: "named sizes", shapes: [[batch, 5]] },
  ],
  split: [
    ...[0, 1, 2].flatMap((axis): CompositeCall[] => [
      { ...pieces([6, 6, 6], axis, [1, 3, 2]), dtypes: halfToo, quick: axis === 1 },
      pieces([6, 6, 6], axis, [2, 2, 2], [1]),
      pieces([6, 6, 6], axis, [4, 2], [1, 0]),
    ]),
    pieces([5], 0, [2, 3]),
    pieces([2, 5], 1, [2, 0, 3]),
    { ...pieces([3, 5], 1, [2, 3]), details: "named sizes", shapes: [[batch, 5]] },
  ],
  dropout: [
    ...[0, 0.25, 0.9].map((rate) => dropped(matrix, matrix, rate)),
    dropped(matrix, [6, 1], 0.5),
    dropped([6, 1], matrix, 0.5),
  ],
} as const satisfies Partial<Record<CompositeName, readonly CompositeCall[]>>;
