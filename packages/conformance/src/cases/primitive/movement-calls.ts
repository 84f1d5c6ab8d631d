import {
  concat,
  type Dim,
  type DType,
  dimension,
  expand,
  multiplyDims,
  type PrimitiveName,
  pad,
  reshape,
  slice,
  stopGradient,
  type Tensor,
  transpose,
} from "@relpos/core";
import { printShapes } from "../print-shapes.js";
import { everything, type PrimitiveCall } from "./primitive-call.js";
import { type Shape, values } from "./values.js";

/** A call on one tensor, with float32. */
function moved(f: (x: Tensor) => Tensor, shape: Shape, attributes = "", dims?: readonly Dim[]): PrimitiveCall {
  return {
    details: `${printShapes([shape])} ${attributes}`.trim(),
    dtypes: ["float32"],
    tolerance: "exact",
    inputs: (dtype) => [values(shape, dtype)],
    ...(dims && { shapes: [dims] }),
    f: ([x]) => f(x as Tensor),
  };
}

/** The same with every element type. */
function ofEveryType(call: PrimitiveCall, quick: readonly DType[] = ["float32"]): PrimitiveCall {
  return { ...call, dtypes: everything, quick };
}

const joined = (axis: number, ...shapes: readonly Shape[]): PrimitiveCall => ({
  details: `${printShapes(shapes)} axis ${axis}`,
  dtypes: ["float32"],
  tolerance: "exact",
  inputs: (dtype) => shapes.map((shape, index) => values(shape, dtype, index)),
  f: (tensors) => concat(tensors, axis),
});

const [n, m] = [dimension("n"), dimension("m")];
const large: Shape = [70, 40, 24];

/** Calls of primitives that put elements elsewhere. */
export const movementCalls = {
  stopGradient: [
    ofEveryType(moved(stopGradient, [2, 3])),
    moved(stopGradient, []),
    moved(stopGradient, [0, 2]),
    moved(stopGradient, large),
  ],
  reshape: [
    ofEveryType(moved((x) => reshape(x, [4, 6]), [2, 3, 4], "to [4,6]")),
    moved((x) => reshape(x, [24]), [2, 3, 4], "to [24]"),
    moved((x) => reshape(x, [1, 6, 1, 4, 1]), [2, 3, 4], "to [1,6,1,4,1]"),
    moved((x) => reshape(x, []), [1, 1], "to a scalar"),
    moved((x) => reshape(x, [1, 1]), [], "to [1,1]"),
    moved((x) => reshape(x, [3, 0, 2]), [2, 0], "to [3,0,2]"),
    moved((x) => reshape(x, [multiplyDims(n, m)]), [3, 5], "to [n*m]", [n, m]),
    moved((x) => reshape(x, [m, n, 2]), [3, 5, 2], "to [m,n,2]", [n, m, 2]),
  ],
  transpose: [
    ofEveryType(moved((x) => transpose(x, [2, 0, 1]), [2, 3, 4], "by 2,0,1")),
    moved((x) => transpose(x, [1, 0]), [3, 5], "by 1,0"),
    moved((x) => transpose(x, [0, 2, 1]), [2, 3, 4], "by 0,2,1"),
    moved((x) => transpose(x, [0, 2, 1, 3]), [2, 3, 4, 5], "by 0,2,1,3"),
    moved((x) => transpose(x, [4, 2, 0, 3, 1]), [2, 3, 1, 2, 4], "by 4,2,0,3,1"),
    moved((x) => transpose(x, [5, 3, 1, 4, 2, 0]), [2, 1, 3, 2, 1, 2], "by 5,3,1,4,2,0"),
    moved((x) => transpose(x, [1, 2, 0]), [2, 0, 3], "by 1,2,0"),
    moved((x) => transpose(x, [2, 0, 1]), large, "by 2,0,1"),
    moved((x) => transpose(x, [1, 0, 2]), [3, 5, 2], "by 1,0,2, named sizes", [n, m, 2]),
  ],
  expand: [
    ofEveryType(moved((x) => expand(x, [2, 3, 4]), [3, 1], "to [2,3,4]")),
    moved((x) => expand(x, [2, 3]), [], "to [2,3]"),
    moved((x) => expand(x, [5, 2, 3, 2, 4]), [2, 3, 1, 4], "to [5,2,3,2,4]"),
    moved((x) => expand(x, [0, 3]), [1, 3], "to [0,3]"),
    moved((x) => expand(x, [2, 3]), [1], "to [2,3]"),
    moved((x) => expand(x, [70, 40, 24]), [40, 1], "to [70,40,24]"),
    moved((x) => expand(x, [n, n, 2]), [3, 1], "to [n,n,2]", [n, 1]),
  ],
  slice: [
    ofEveryType(moved((x) => slice(x, { 1: [1, 3], 2: [0, 2] }), [2, 3, 4], "axes 1 and 2")),
    moved((x) => slice(x, { 0: [3, 5] }), [7], "axis 0"),
    moved((x) => slice(x, { 2: [4, 4] }), [2, 3, 4], "to nothing"),
    moved((x) => slice(x, { 0: [1, 2], 1: [0, 1], 2: [2, 4], 3: [1, 2] }), [2, 3, 4, 2], "every axis"),
    moved((x) => slice(x, { 4: [0, 1] }), [2, 1, 2, 3, 2], "last of five axes"),
    moved((x) => slice(x, { 0: [1, 69], 1: [3, 40] }), large, "axes 0 and 1"),
    moved((x) => slice(x, { 0: [1, n] }), [5, 2], "from 1 to n", [n, 2]),
  ],
  pad: [
    ofEveryType(moved((x) => pad(x, { 0: [1, 0], 2: [2, 3] }, 1), [2, 3, 4], "with ones")),
    moved((x) => pad(x, { 0: [2, 1] }), [3], "with zeros"),
    moved((x) => pad(x, { 1: [1, 2] }, Number.NEGATIVE_INFINITY), [2, 3], "with -∞"),
    moved((x) => pad(x, { 0: [2, 0], 1: [0, 1] }, 5), [0, 2], "nothing, with fives"),
    moved((x) => pad(x, { 0: [1, 1], 3: [0, 2], 4: [3, 0] }, 0.5), [2, 1, 3, 2, 2], "five axes"),
    moved((x) => pad(x, { 0: [3, 0], 2: [0, 5] }), large, "with zeros"),
    moved((x) => pad(x, { 0: [n, 1] }, 2), [3, 2], "by n", [n, 2]),
  ],
  concat: [
    ofEveryType(joined(1, [2, 3, 2], [2, 1, 2], [2, 2, 2])),
    joined(0, [2], [3]),
    joined(2, [2, 3, 1], [2, 3, 4]),
    joined(0, [0, 2], [3, 2], [0, 2]),
    joined(1, ...Array.from({ length: 20 }, (_, index): Shape => [2, 1 + (index % 3)])),
    joined(3, [1, 2, 1, 2, 2], [1, 2, 1, 3, 2]),
    joined(1, large, [70, 3, 24]),
    moved((x) => concat([x, x, slice(x, { 0: [0, 1] })], 0), [2, 3], "with itself"),
    moved((x) => concat([x, slice(x, { 0: [1, n] })], 0), [4, 2], "named sizes", [n, 2]),
  ],
} as const satisfies Partial<Record<PrimitiveName, readonly PrimitiveCall[]>>;
