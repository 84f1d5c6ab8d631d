import {
  abs,
  cos,
  type DType,
  erf,
  exp,
  floor,
  log,
  logicalNot,
  neg,
  sign,
  sin,
  sqrt,
  type Tensor,
  tanh,
  tensor,
} from "@relpos/core";
import type { UnaryName } from "@relpos/core/backend";
import type { ToleranceClass } from "../../tolerance.js";
import { printShapes } from "../print-shapes.js";
import { numbers, type PrimitiveCall, reals, wholes } from "./primitive-call.js";
import { edgeNumbers, limits, type Make, positive, type Shape, specialNumbers, values, within } from "./values.js";

interface Unary {
  readonly tolerance: ToleranceClass;
  /** Element types; the first is tried with every shape. Default: the real ones. */
  readonly dtypes?: readonly DType[];
  readonly make?: Make;
  /** Bounds of values that are less ordinary. Default: not tried. */
  readonly wide?: readonly [low: number, high: number];
  /** Default: all that are special. */
  readonly special?: readonly number[];
}

const ordinary: Shape = [2, 3, 4];
/** Scalars, empty ones, several ranks, and one that is worth more than one thread. */
const shapes: readonly Shape[] = [[], [0], [2, 0, 3], [7], [1, 2, 1, 3, 1, 2], [130, 513]];

function unary(f: (x: Tensor) => Tensor, given: Unary): readonly PrimitiveCall[] {
  const { tolerance, dtypes = reals, make = values, wide, special = specialNumbers } = given;
  const usual = dtypes[0] as DType;
  const call = (details: string, inputs: (dtype: DType) => ReturnType<Make>): PrimitiveCall => ({
    details,
    dtypes: [usual],
    tolerance,
    inputs: (dtype) => [inputs(dtype)],
    f: ([x]) => f(x as Tensor),
  });
  const list = (numbers: readonly number[], dtype: DType) => tensor(numbers, [numbers.length], dtype);
  const [realTypes, wholeTypes] = [reals, wholes].map((types) => dtypes.filter((dtype) => types.includes(dtype)));
  return [
    { ...call(printShapes([ordinary]), (dtype) => make(ordinary, dtype)), dtypes, quick: [usual] },
    ...shapes.map((shape) => call(printShapes([shape]), (dtype) => make(shape, dtype))),
    ...(wide ? [call(`from ${wide[0]} to ${wide[1]}`, (dtype) => within(...wide)([100], dtype))] : []),
    { ...call("special values", (dtype) => list(special, dtype)), dtypes: realTypes ?? [], quick: ["float32"] },
    { ...call("edges", (dtype) => list(edgeNumbers(dtype), dtype)), dtypes: wholeTypes ?? [], quick: ["int32"] },
  ];
}

/** Calls of the functions of one tensor. */
export const unaryCalls: Readonly<Record<UnaryName, readonly PrimitiveCall[]>> = {
  neg: unary(neg, { tolerance: "exact", dtypes: numbers }),
  abs: unary(abs, { tolerance: "exact", dtypes: numbers }),
  // NaN has no sign: NumPy says NaN, PyTorch 0.
  sign: unary(sign, { tolerance: "exact", dtypes: numbers, special: specialNumbers.slice(1) }),
  floor: unary(floor, { tolerance: "exact" }),
  exp: unary(exp, { tolerance: "transcendental", wide: [-20, 20] }),
  log: unary(log, { tolerance: "transcendental", make: positive, wide: [0.001, 1000] }),
  sqrt: unary(sqrt, { tolerance: "arithmetic", make: positive, wide: [0.001, 1000] }),
  // Angles are made on the host: no backend computes a sine of a large number.
  sin: unary(sin, { tolerance: "transcendental", wide: [-10, 10], special: limits }),
  cos: unary(cos, { tolerance: "transcendental", wide: [-10, 10], special: limits }),
  tanh: unary(tanh, { tolerance: "transcendental", wide: [-20, 20] }),
  erf: unary(erf, { tolerance: "transcendental", wide: [-5, 5] }),
  logicalNot: unary(logicalNot, { tolerance: "exact", dtypes: ["bool"] }),
};
