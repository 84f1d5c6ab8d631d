import { type Dim, type DType, equalDims, isFloat, type PrimitiveName, type TensorType, tensor } from "@relpos/core";
import { flag, int, ints } from "../model/model.js";
import { castTarget } from "./cast-target.js";
import {
  type LoweringContext,
  type PrimitiveCall,
  type PrimitiveRow,
  tensorsOfShader,
  type Widening,
} from "./context.js";
import { leadingSum } from "./leading-sum.js";
import { longSumOf, sumOfPieces } from "./long-sum.js";
import { reshapePattern } from "./sizes.js";

/** 8-bit integers in 32 bits; the cast back wraps around, as 8-bit arithmetic does. */
const inInt32: Widening = { int8: "int32", uint8: "int32" };

/** The end of a slice that runs to the end of its axis, whatever its size. */
const toTheEnd = 2 ** 31 - 1;

/** Computes in a wider type from operand `first` on, and casts the result back. */
function widened<N extends PrimitiveName>(widening: Widening, row: PrimitiveRow<N>, first = 0): PrimitiveRow<N> {
  return (context, call) => {
    const narrow = (call.types[first] as { dtype: DType }).dtype;
    const wide = widening[narrow];
    if (!wide) return row(context, call);
    const inputs = call.inputs.map((input, index) => (index < first ? input : context.cast(input, wide)));
    const types = call.types.map((type, index) => (index < first ? type : { ...type, dtype: wide }));
    const result = row(context, { ...call, inputs, types });
    return call.output.dtype === narrow ? context.cast(result, narrow) : result;
  };
}

/** An operation that ONNX has under the given name, with the same inputs and no attributes. */
function same<N extends PrimitiveName>(operation: string, widening: Widening = {}, first = 0): PrimitiveRow<N> {
  return widened(widening, (context, { inputs }) => context.node(operation, inputs), first);
}

/** Integers divide by 1 where the divisor is 0 or −1: on CPU and in WebAssembly such a division may end the process. */
const divide: PrimitiveRow<"div"> = (context, { inputs, types, output }) => {
  const [left, right] = inputs as [string, string];
  if (isFloat(output.dtype)) return context.node("Div", [left, right]);
  const { dtype } = types[1] as TensorType;
  const one = context.scalar(1, dtype);
  const quotient = (divisor: string, refused: string) =>
    context.node("Div", [left, context.node("Where", [refused, one, divisor])]);
  const byZero = context.node("Equal", [right, context.scalar(0, dtype)]);
  if (dtype === "uint8") return quotient(right, byZero);
  const negated = context.node("Equal", [right, context.scalar(-1, dtype)]);
  const divided = quotient(right, context.node("Or", [byZero, negated]));
  return context.node("Where", [negated, context.node("Neg", [left]), divided]);
};

/** A range along its axis, then spread over the others. */
const iota: PrimitiveRow<"iota"> = (context, { attributes: { shape, axis, dtype }, output }) => {
  const size = shape[axis] as Dim;
  const line = shape.map((dim, i) => (i === axis ? dim : 1));
  const range =
    typeof size === "number"
      ? context.constant(
          tensor(
            Float64Array.from({ length: size }, (_, i) => i),
            line as number[],
            dtype,
          ),
        )
      : context.node("Reshape", [
          context.cast(context.range(0, size), dtype),
          context.int64(line.map((dim) => (dim === size ? -1 : 1))),
        ]);
  return expandTo(context, range, line, output.shape);
};

/** Broadcasts; axes that stay are 1 in the target, so that their sizes need not be computed. */
function expandTo(context: LoweringContext, value: string, from: readonly Dim[], to: readonly Dim[]): string {
  const offset = to.length - from.length;
  const target = to.map((dim, axis) => (axis >= offset && equalDims(dim, from[axis - offset] as Dim) ? 1 : dim));
  return offset === 0 && target.every((dim) => dim === 1)
    ? value
    : context.node("Expand", [value, context.sizes(target)]);
}

const reshape: PrimitiveRow<"reshape"> = (context, { inputs, types, attributes: { shape } }) => {
  const pattern = reshapePattern((types[0] as { shape: readonly Dim[] }).shape, shape);
  const target = pattern ? context.int64(pattern) : context.sizes(shape);
  const literal = shape.includes(0) ? { allowzero: int(1) } : {};
  return context.node("Reshape", [inputs[0], target], literal);
};

const slice: PrimitiveRow<"slice"> = (context, { inputs, types, attributes: { starts, ends } }) => {
  const { shape } = types[0] as { shape: readonly Dim[] };
  const axes = shape
    .map((_, axis) => axis)
    .filter((axis) => starts[axis] !== 0 || !equalDims(ends[axis] as Dim, shape[axis] as Dim));
  if (axes.length === 0) return inputs[0] as string;
  const begin = axes.map((axis) => starts[axis] as Dim);
  const end = axes.map((axis) => (equalDims(ends[axis] as Dim, shape[axis] as Dim) ? toTheEnd : (ends[axis] as Dim)));
  return context.node("Slice", [inputs[0], context.sizes(begin), context.sizes(end), context.int64(axes)]);
};

const pad: PrimitiveRow<"pad"> = (context, { inputs, attributes: { before, after, value }, output }) => {
  return context.node("Pad", [inputs[0], context.sizes([...before, ...after]), context.scalar(value, output.dtype)]);
};

/** A reduction with its axes as an input. */
function reduction<N extends "reduceSum" | "reduceMax">(operation: string): PrimitiveRow<N> {
  return (context, { inputs, attributes: { axes, keepDims } }) => {
    if (axes.length === 0) return inputs[0] as string;
    return context.node(operation, [inputs[0], context.int64(axes)], { keepdims: flag(keepDims) });
  };
}

const reduceSum: PrimitiveRow<"reduceSum"> = (context, call) => {
  const { axes, keepDims } = call.attributes;
  const { shape, dtype } = call.types[0] as TensorType;
  const leading = axes.length > 0 && axes.length < shape.length && axes.every((axis, i) => axis === i);
  const known = shape.filter((dim) => typeof dim === "number" && dim > 0) as readonly number[];
  if (context.provider !== "cpu" || dtype !== "float32" || keepDims || !leading || known.length < shape.length) {
    const long = longSumOf(call);
    return long ? sumOfPieces(context, call, long) : plainSum(context, call);
  }
  return leadingSum(context, call.inputs[0], known.slice(0, axes.length), known.slice(axes.length));
};

const plainSum = reduction<"reduceSum">("ReduceSum");

const argMax: PrimitiveRow<"argMax"> = (context, { inputs, attributes: { axis, keepDims } }) => {
  return context.cast(context.node("ArgMax", inputs, { axis: int(axis), keepdims: flag(keepDims) }), "int32");
};

const cumSum: PrimitiveRow<"cumSum"> = (context, { inputs, attributes: { axis, exclusive, reverse } }) => {
  const attributes = { exclusive: flag(exclusive), reverse: flag(reverse) };
  return context.node("CumSum", [inputs[0], context.int64([axis])], attributes);
};

/** Sums over nothing are written as zeros: fused with a transposition they come out as whatever memory holds. */
const matMul: PrimitiveRow<"matMul"> = (context, { inputs, types, output }) => {
  if ((types[0] as TensorType).shape.at(-1) !== 0) return context.node("MatMul", inputs);
  return context.node("Expand", [context.scalar(0, output.dtype), context.sizes(output.shape)]);
};

/** On WebGPU a few at a time, and then the results. */
const concat: PrimitiveRow<"concat"> = (context, { inputs, attributes: { axis } }) => {
  const limit = context.provider === "webgpu" ? tensorsOfShader - 1 : inputs.length;
  const join = (parts: readonly string[]): string => {
    if (parts.length <= limit) return context.node("Concat", parts, { axis: int(axis) });
    const groups = Array.from({ length: Math.ceil(parts.length / limit) }, (_, i) =>
      parts.slice(i * limit, (i + 1) * limit),
    );
    return join(groups.map(join));
  };
  return join(inputs);
};

/** On WebGPU Pow fails for some shapes that have to be broadcast, so they are before. */
const pow: PrimitiveRow<"pow"> = (context, { inputs, types, output }) => {
  if (context.provider !== "webgpu") return context.node("Pow", inputs);
  const operands = inputs.map((input, index) => {
    const { shape } = types[index] as TensorType;
    return shape.length === 0 ? input : expandTo(context, input, shape, output.shape);
  });
  return context.node("Pow", operands);
};

/** Maxima of no rows are written as such: WebGPU refuses them. */
const reduceMax: PrimitiveRow<"reduceMax"> = (context, call) => {
  const { shape, dtype } = call.output;
  if (!shape.includes(0)) return plainMax(context, call);
  return context.node("Expand", [context.scalar(0, dtype), context.sizes(shape)]);
};

const plainMax = reduction<"reduceMax">("ReduceMax");

/** How each primitive is written in ONNX, operator set 23. A missing row does not compile. */
export const primitiveRows: { readonly [N in PrimitiveName]: PrimitiveRow<N> } = {
  constant: (context, { attributes: { value } }) => context.constant(value),
  iota,

  neg: same("Neg", { uint8: "int32" }),
  abs: same("Abs"),
  sign: same("Sign"),
  floor: same("Floor"),
  exp: same("Exp"),
  log: same("Log"),
  sqrt: same("Sqrt"),
  sin: same("Sin"),
  cos: same("Cos"),
  tanh: same("Tanh"),
  erf: same("Erf"),
  logicalNot: same("Not"),
  cast: (context, { inputs, attributes: { dtype } }) => context.node("Cast", inputs, { to: castTarget(dtype) }),
  stopGradient: (_, { inputs }) => inputs[0] as string,

  add: same("Add"),
  sub: same("Sub"),
  mul: same("Mul"),
  div: widened({ int8: "int32" }, divide),
  pow: widened(inInt32, pow),
  maximum: same("Max"),
  minimum: same("Min"),
  equal: same("Equal"),
  less: same("Less", { bool: "int32" }),
  lessOrEqual: same("LessOrEqual", { bool: "int32" }),
  logicalAnd: same("And"),
  logicalOr: same("Or"),
  where: same("Where", { int8: "int32", bool: "uint8" }, 1),

  reshape,
  transpose: (context, { inputs, attributes: { permutation } }) => {
    return context.node("Transpose", inputs, { perm: ints(permutation) });
  },
  expand: (context, { inputs, types, output }) => {
    return expandTo(context, inputs[0] as string, (types[0] as { shape: readonly Dim[] }).shape, output.shape);
  },
  slice,
  pad,
  concat,
  gather: (context, { inputs, attributes: { axis } }) => context.node("Gather", inputs, { axis: int(axis) }),
  gatherElements: (context, { inputs, attributes: { axis } }) =>
    context.node("GatherElements", inputs, { axis: int(axis) }),
  matMul,
  reduceSum: widened(inInt32, reduceSum),
  reduceMax,
  argMax,
  cumSum: widened(inInt32, cumSum),
};

/** The row of a primitive, for a pass over all of them. */
export function primitiveRow(op: PrimitiveName): (context: LoweringContext, call: PrimitiveCall<never>) => string {
  return primitiveRows[op] as PrimitiveRow<never>;
}
