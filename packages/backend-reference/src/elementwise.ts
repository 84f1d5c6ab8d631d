import {
  type BinaryName,
  castScalar,
  type Kernel,
  type KernelTable,
  scalarFunction,
  type UnaryName,
} from "@relpos/core/backend";
import { allocate, type ReferenceTensor } from "./reference-tensor.js";
import { broadcastStrides, offsetsOf } from "./strides.js";

/** out[i] = f(x[i]). */
function unary(op: UnaryName): Kernel<ReferenceTensor> {
  return ({ inputs, outputType }) => {
    const x = inputs[0]!;
    const compute = scalarFunction(op, x.dtype);
    const output = allocate(outputType);
    for (let i = 0; i < output.data.length; i++) output.data[i] = compute(x.data[i]!);
    return output;
  };
}

/** out[i, j] = f(x[i, j], y[i, j]), where axes of size 1 broadcast. */
function binary(op: BinaryName): Kernel<ReferenceTensor> {
  return ({ inputs, outputType }) => {
    const [x, y] = [inputs[0]!, inputs[1]!];
    const compute = scalarFunction(op, x.dtype);
    const output = allocate(outputType);
    const [left, right] = [placesIn(x, output.shape), placesIn(y, output.shape)];
    for (let i = 0; i < output.data.length; i++) output.data[i] = compute(x.data[left[i]!]!, y.data[right[i]!]!);
    return output;
  };
}

/** For each element of the output, where the operand's element is that broadcasts to it. */
function placesIn(operand: ReferenceTensor, shape: readonly number[]): Int32Array {
  return offsetsOf(shape, broadcastStrides(operand.shape, shape));
}

/** Kernels that compute each element from the elements at its own place; what they compute is core's `scalarFunction`. */
export const elementwise: Pick<KernelTable<ReferenceTensor>, UnaryName | BinaryName | "where" | "cast"> = {
  neg: unary("neg"),
  abs: unary("abs"),
  sign: unary("sign"),
  floor: unary("floor"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  sin: unary("sin"),
  cos: unary("cos"),
  tanh: unary("tanh"),
  erf: unary("erf"),
  logicalNot: unary("logicalNot"),

  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  pow: binary("pow"),
  maximum: binary("maximum"),
  minimum: binary("minimum"),
  equal: binary("equal"),
  less: binary("less"),
  lessOrEqual: binary("lessOrEqual"),
  logicalAnd: binary("logicalAnd"),
  logicalOr: binary("logicalOr"),

  where: ({ inputs, outputType }) => {
    const [condition, then, otherwise] = [inputs[0]!, inputs[1]!, inputs[2]!];
    const output = allocate(outputType);
    const { shape } = output;
    const [tests, lefts, rights] = [placesIn(condition, shape), placesIn(then, shape), placesIn(otherwise, shape)];
    for (let i = 0; i < output.data.length; i++) {
      output.data[i] = condition.data[tests[i]!]! !== 0 ? then.data[lefts[i]!]! : otherwise.data[rights[i]!]!;
    }
    return output;
  },

  cast: ({ inputs, outputType }) => {
    const x = inputs[0]!;
    const output = allocate(outputType);
    for (let i = 0; i < output.data.length; i++) output.data[i] = castScalar(x.data[i]!, x.dtype, output.dtype);
    return output;
  },
};
