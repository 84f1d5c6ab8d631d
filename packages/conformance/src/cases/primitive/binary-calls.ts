import {
  add,
  type DType,
  div,
  equal,
  type HostTensor,
  less,
  lessOrEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  pow,
  sub,
  type Tensor,
  tensor,
} from "@relpos/core";
import type { BinaryName } from "@relpos/core/backend";
import type { ToleranceClass } from "../../tolerance.js";
import { printShapes } from "../print-shapes.js";
import { everything, numbers, type PrimitiveCall, reals, wholes } from "./primitive-call.js";
import { edgeNumbers, limits, type Make, nonzero, positive, type Shape, specialNumbers, values } from "./values.js";

/** Left and right operands, of which every pair is tried. */
type Pairs = readonly [left: readonly number[], right: readonly number[]];

interface Binary {
  readonly tolerance: ToleranceClass;
  /** Element type of the result. Default: that of the operands. */
  readonly result?: DType;
  /** Element types; the first is tried with every shape. Default: all but bool. */
  readonly dtypes?: readonly DType[];
  readonly left?: Make;
  readonly right?: Make;
  /** Default: all that are special. */
  readonly special?: Pairs;
  readonly edges?: (dtype: DType) => Pairs;
}

const ordinary: readonly [Shape, Shape] = [
  [2, 3, 4],
  [3, 1],
];
/** Scalars, empty ones, several ranks, and two that are worth more than one thread. */
const shapes: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [[2, 3, 4], [4]],
  [
    [3, 1],
    [1, 4],
  ],
  [[], [2, 3]],
  [[2, 3], []],
  [[], []],
  [
    [2, 1, 3, 1],
    [4, 1, 5],
  ],
  [[0, 3], [3]],
  [[1], [0]],
  [
    [2, 1, 2, 1, 2],
    [1, 3, 1, 2, 1],
  ],
  [[257, 130], [130]],
  [
    [257, 1],
    [1, 300],
  ],
];

const allEdges = (dtype: DType): Pairs => [edgeNumbers(dtype), edgeNumbers(dtype)];

function binary(f: (a: Tensor, b: Tensor) => Tensor, given: Binary): readonly PrimitiveCall[] {
  const { tolerance, result, dtypes = numbers, left = values, right = values } = given;
  const { special = [specialNumbers, specialNumbers], edges = allEdges } = given;
  const usual = dtypes[0] as DType;
  const call = (details: string, inputs: (dtype: DType) => readonly HostTensor[]): PrimitiveCall => ({
    details,
    dtypes: [usual],
    ...(result && { others: [result] }),
    tolerance,
    inputs,
    f: ([a, b]) => f(a as Tensor, (b ?? a) as Tensor),
  });
  const ofShapes = ([a, b]: readonly [Shape, Shape]) =>
    call(printShapes([a, b]), (dtype) => [left(a, dtype, 1), right(b, dtype, 2)]);
  const table = ([column, row]: Pairs, dtype: DType) => [
    tensor(column, [column.length, 1], dtype),
    tensor(row, [1, row.length], dtype),
  ];
  const [realTypes, wholeTypes] = [reals, wholes].map((types) => dtypes.filter((dtype) => types.includes(dtype)));
  return [
    { ...ofShapes(ordinary), dtypes, quick: [usual] },
    ...shapes.map(ofShapes),
    call("a tensor with itself", (dtype) => [right([2, 3], dtype)]),
    { ...call("special values", (dtype) => table(special, dtype)), dtypes: realTypes ?? [], quick: ["float32"] },
    { ...call("edges", (dtype) => table(edges(dtype), dtype)), dtypes: wholeTypes ?? [], quick: ["int32"] },
  ];
}

const smallPowers = [...limits, 1, -1, 2.5];

/** Calls of the functions of two tensors. */
export const binaryCalls: Readonly<Record<BinaryName, readonly PrimitiveCall[]>> = {
  add: binary(add, { tolerance: "arithmetic" }),
  sub: binary(sub, { tolerance: "arithmetic" }),
  mul: binary(mul, { tolerance: "arithmetic" }),
  div: binary(div, {
    tolerance: "arithmetic",
    right: nonzero,
    // What division of an integer by zero gives is for no one to rely on.
    edges: (dtype) => [edgeNumbers(dtype), edgeNumbers(dtype).filter((x) => x !== 0)],
  }),
  pow: binary(pow, {
    tolerance: "transcendental",
    left: positive,
    right: positive,
    special: [smallPowers, smallPowers],
    // The same for a whole power that does not fit.
    edges: (dtype) => [[-3, -2, -1, 0, 1, 2, 3].filter((x) => x >= 0 || dtype !== "uint8"), [0, 1, 2, 3, 4]],
  }),
  maximum: binary(maximum, { tolerance: "exact" }),
  minimum: binary(minimum, { tolerance: "exact" }),
  equal: binary(equal, { tolerance: "exact", dtypes: everything, result: "bool" }),
  less: binary(less, { tolerance: "exact", dtypes: everything, result: "bool" }),
  lessOrEqual: binary(lessOrEqual, { tolerance: "exact", dtypes: everything, result: "bool" }),
  logicalAnd: binary(logicalAnd, { tolerance: "exact", dtypes: ["bool"] }),
  logicalOr: binary(logicalOr, { tolerance: "exact", dtypes: ["bool"] }),
};
