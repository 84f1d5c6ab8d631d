import { check } from "../errors.js";
import { type Dim, equalShapes } from "../tensor/dimension.js";
import type { DType } from "../tensor/dtype.js";
import { type HostTensor, scalar } from "../tensor/host-tensor.js";
import type { PrimitiveNode } from "../tensor/node.js";
import { isTensor, Tensor, type TensorLike } from "../tensor/tensor.js";
import { inferPrimitive, normalizeAxis } from "./infer.js";
import type { PrimitiveAttributes, PrimitiveName } from "./primitives.js";

/** Applies a primitive by name: what passes over graphs use. Attributes are taken as they are. */
export function applyPrimitive<N extends PrimitiveName>(
  op: N,
  inputs: readonly Tensor[],
  attributes: PrimitiveAttributes[N],
): Tensor {
  const type = inferPrimitive(op, inputs, attributes);
  const make = (outputs: readonly Tensor[]) =>
    ({ kind: "primitive", op, inputs, attributes, outputs }) as unknown as PrimitiveNode;
  return Tensor.outputs([type], make)[0];
}

/** A value that the graph holds; a number becomes a float32 scalar. */
export function constant(value: HostTensor | number, dtype: DType = "float32"): Tensor {
  return applyPrimitive("constant", [], { value: typeof value === "number" ? scalar(value, dtype) : value });
}

/** Index along `axis`, as int32 unless said otherwise. */
export function iota(shape: readonly Dim[], axis = 0, dtype: DType = "int32"): Tensor {
  return applyPrimitive("iota", [], { shape, axis: normalizeAxis("iota", axis, shape.length), dtype });
}

type Unary = "neg" | "abs" | "sign" | "floor" | "exp" | "log" | "sqrt" | "sin" | "cos" | "tanh" | "erf" | "logicalNot";
/** An operation on every element. */
type UnaryOperation = (x: Tensor) => Tensor;
const unary =
  (op: Unary): UnaryOperation =>
  (x) =>
    applyPrimitive(op, [x], {});

/** −x. */
export const neg: UnaryOperation = unary("neg");
/** |x|. */
export const abs: UnaryOperation = unary("abs");
/** −1, 0 or 1, as x is below, at or above 0. */
export const sign: UnaryOperation = unary("sign");
/** The largest whole number that is not above x. */
export const floor: UnaryOperation = unary("floor");
/** eˣ. */
export const exp: UnaryOperation = unary("exp");
/** The natural logarithm. */
export const log: UnaryOperation = unary("log");
/** The square root. */
export const sqrt: UnaryOperation = unary("sqrt");
/** The sine of an angle in radians. */
export const sin: UnaryOperation = unary("sin");
/** The cosine of an angle in radians. */
export const cos: UnaryOperation = unary("cos");
/** The hyperbolic tangent. */
export const tanh: UnaryOperation = unary("tanh");
/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf: UnaryOperation = unary("erf");
/** True where x is false. */
export const logicalNot: UnaryOperation = unary("logicalNot");

/** Converts to another element type; the tensor itself when it has that type. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : applyPrimitive("cast", [x], { dtype });
}

/** The same value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return applyPrimitive("stopGradient", [x], {});
}

type Binary =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "maximum"
  | "minimum"
  | "equal"
  | "less"
  | "lessOrEqual"
  | "logicalAnd"
  | "logicalOr";

/** An operation on pairs of elements of tensors that broadcast; a number is a scalar of the other's type. */
type BinaryOperation = (a: TensorLike, b: TensorLike) => Tensor;
const binary =
  (op: Binary): BinaryOperation =>
  (a, b) =>
    applyPrimitive(op, sameType(op, a, b), {});

/** a + b. */
export const add: BinaryOperation = binary("add");
/** a − b. */
export const sub: BinaryOperation = binary("sub");
/** a · b, element by element. */
export const mul: BinaryOperation = binary("mul");
/** a / b; of whole numbers toward zero. */
export const div: BinaryOperation = binary("div");
/** a to the power of b. */
export const pow: BinaryOperation = binary("pow");
/** The larger of a and b. */
export const maximum: BinaryOperation = binary("maximum");
/** The smaller of a and b. */
export const minimum: BinaryOperation = binary("minimum");
/** Whether a = b. */
export const equal: BinaryOperation = binary("equal");
/** Whether a < b. */
export const less: BinaryOperation = binary("less");
/** Whether a ≤ b. */
export const lessOrEqual: BinaryOperation = binary("lessOrEqual");
/** Whether both are true. */
export const logicalAnd: BinaryOperation = binary("logicalAnd");
/** Whether one of both is true. */
export const logicalOr: BinaryOperation = binary("logicalOr");

/** Elements of `then` where the condition holds, of `otherwise` elsewhere; all three broadcast. */
export function where(condition: Tensor, then: TensorLike, otherwise: TensorLike): Tensor {
  return applyPrimitive("where", [condition, ...sameType("where", then, otherwise)], {});
}

/** The same elements in another shape; the tensor itself when it has that shape. */
export function reshape(x: Tensor, shape: readonly Dim[]): Tensor {
  return equalShapes(x.shape, shape) ? x : applyPrimitive("reshape", [x], { shape });
}

/** Axis `i` of the result is axis `permutation[i]` of x. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const axes = permutation.map((axis) => normalizeAxis("transpose", axis, x.rank));
  return axes.every((axis, i) => axis === i) ? x : applyPrimitive("transpose", [x], { permutation: axes });
}

/** Broadcasts to a shape; the tensor itself when it has that shape. */
export function expand(x: Tensor, shape: readonly Dim[]): Tensor {
  return equalShapes(x.shape, shape) ? x : applyPrimitive("expand", [x], { shape });
}

/** Elements `start ≤ index < end` along one axis, or along several: `slice(x, { 1: [0, 4], [-1]: [2, 3] })`. */
export function slice(x: Tensor, ranges: Readonly<Record<number, readonly [start: Dim, end: Dim]>>): Tensor {
  const starts: Dim[] = x.shape.map(() => 0);
  const ends: Dim[] = [...x.shape];
  for (const [key, [start, end]] of Object.entries(ranges)) {
    const axis = normalizeAxis("slice", Number(key), x.rank);
    starts[axis] = start;
    ends[axis] = end;
  }
  const whole = starts.every((start) => start === 0) && equalShapes(ends, x.shape);
  return whole ? x : applyPrimitive("slice", [x], { starts, ends });
}

/** Adds elements of `value` before and after along axes: `pad(x, { 1: [1, 0] })`. */
export function pad(
  x: Tensor,
  amounts: Readonly<Record<number, readonly [before: Dim, after: Dim]>>,
  value = 0,
): Tensor {
  const before: Dim[] = x.shape.map(() => 0);
  const after: Dim[] = x.shape.map(() => 0);
  for (const [key, amount] of Object.entries(amounts)) {
    const axis = normalizeAxis("pad", Number(key), x.rank);
    [before[axis], after[axis]] = amount;
  }
  return [...before, ...after].every((amount) => amount === 0)
    ? x
    : applyPrimitive("pad", [x], { before, after, value });
}

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  check(first, "concat", () => "takes at least one tensor, got none");
  if (tensors.length === 1) return first;
  return applyPrimitive("concat", tensors, { axis: normalizeAxis("concat", axis, first.rank) });
}

/** Entries of `data` along `axis` at int32 `indices`, whose shape replaces the axis. */
export function gather(data: Tensor, indices: Tensor, axis = 0): Tensor {
  return applyPrimitive("gather", [data, indices], { axis: normalizeAxis("gather", axis, data.rank) });
}

/** One entry of `data` along `axis` for each element of `indices`. */
export function gatherElements(data: Tensor, indices: Tensor, axis: number): Tensor {
  return applyPrimitive("gatherElements", [data, indices], { axis: normalizeAxis("gatherElements", axis, data.rank) });
}

/** [..., M, K] × [..., K, N] → [..., M, N]; leading axes broadcast. */
export function matMul(a: Tensor, b: Tensor): Tensor {
  return applyPrimitive("matMul", [a, b], {});
}

export interface ReduceOptions {
  /** Whether reduced axes stay with size 1. Default `false`. */
  readonly keepDims?: boolean;
}

function reduceAttributes(op: string, x: Tensor, axes: number | readonly number[] | undefined, options: ReduceOptions) {
  const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === "number" ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(op, axis, x.rank)).sort((a, b) => a - b);
  return { axes: normalized, keepDims: options.keepDims ?? false };
}

/** Sum over axes; over all of them when none are named. */
export function reduceSum(x: Tensor, axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes("reduceSum", x, axes, options);
  return attributes.axes.length === 0 ? x : applyPrimitive("reduceSum", [x], attributes);
}

/** Largest element over axes; over all of them when none are named. */
export function reduceMax(x: Tensor, axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
  const attributes = reduceAttributes("reduceMax", x, axes, options);
  return attributes.axes.length === 0 ? x : applyPrimitive("reduceMax", [x], attributes);
}

/** Index of the first largest element along an axis, int32. */
export function argMax(x: Tensor, axis: number, options: ReduceOptions = {}): Tensor {
  return applyPrimitive("argMax", [x], {
    axis: normalizeAxis("argMax", axis, x.rank),
    keepDims: options.keepDims ?? false,
  });
}

export interface CumSumOptions {
  /** Whether an element's own value is left out of its sum. Default `false`. */
  readonly exclusive?: boolean;
  /** Whether sums run from the end. Default `false`. */
  readonly reverse?: boolean;
}

/** Running sum along an axis. */
export function cumSum(x: Tensor, axis: number, options: CumSumOptions = {}): Tensor {
  return applyPrimitive("cumSum", [x], {
    axis: normalizeAxis("cumSum", axis, x.rank),
    exclusive: options.exclusive ?? false,
    reverse: options.reverse ?? false,
  });
}

/** x·x. */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** Swaps the last two axes. */
export function transposeLast(x: Tensor): Tensor {
  return transpose(x, [...Array(x.rank - 2).keys(), x.rank - 1, x.rank - 2]);
}

function sameType(op: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  if (isTensor(a)) return [a, isTensor(b) ? b : constant(b, a.dtype)];
  check(isTensor(b), op, () => `takes at least one tensor, got ${a} and ${b}`);
  return [constant(a, b.dtype), b];
}
