import { elementCount } from "@relpos/core";
import {
  type BinaryName,
  castScalar,
  type Kernel,
  type KernelCall,
  scalarFunction,
  type UnaryName,
} from "@relpos/core/backend";
import type { DeviceMemory, MemoryDevice } from "../../device/device.js";
import type { TfjsData, TfjsDType, TfjsTensor } from "../../device/tfjs-tensor.js";
import { applyBinary, applyUnary } from "../apply.js";
import type { DeviceRows } from "../rows.js";
import { sameShape } from "../shapes.js";
import { broadcastStrides, readStrided } from "./strided.js";

type MemoryElementwise = Pick<DeviceRows, Extract<keyof DeviceRows, UnaryName | BinaryName | "where" | "cast">>;

/**
 * Elementwise rows of cpu and wasm. TensorFlow.js takes integers through floating point there, and loses a NaN or is slow
 * in other kernels: those rows are computed by core's own functions of numbers.
 */
export function elementwise(device: MemoryDevice): MemoryElementwise {
  const { memory } = device;
  const unary = (op: UnaryName) => exactUnary(memory, op);
  const binary = (op: BinaryName) => exactBinary(memory, op);
  const realUnary = (op: UnaryName, kernel: string): Kernel<TfjsTensor> => {
    return realsOr(unary(op), ({ inputs: [x] }) => applyUnary(device, kernel, x!));
  };
  const realBinary = (op: BinaryName, kernel: string): Kernel<TfjsTensor> => {
    return realsOr(binary(op), ({ inputs: [a, b] }) => applyBinary(device, kernel, a!, b!));
  };
  return {
    neg: realUnary("neg", "Neg"),
    abs: realUnary("abs", "Abs"),
    sign: unary("sign"),
    sin: realUnary("sin", "Sin"),
    cos: realUnary("cos", "Cos"),
    log: realUnary("log", "Log"),
    logicalNot: unary("logicalNot"),
    add: realBinary("add", "Add"),
    sub: realBinary("sub", "Sub"),
    mul: realBinary("mul", "Multiply"),
    div: realBinary("div", "RealDiv"),
    pow: binary("pow"),
    maximum: binary("maximum"),
    minimum: binary("minimum"),
    equal: binary("equal"),
    less: binary("less"),
    lessOrEqual: binary("lessOrEqual"),
    logicalAnd: binary("logicalAnd"),
    logicalOr: binary("logicalOr"),

    where: (call) =>
      each(memory, call, (target, [condition, then, otherwise]) => {
        for (let i = 0; i < target.length; i++) target[i] = condition![i] ? then![i]! : otherwise![i]!;
      }),

    cast: (call) =>
      each(memory, call, (target, [x]) => {
        const [from, to] = [call.inputs[0]!.dtype, call.outputType.dtype];
        for (let i = 0; i < target.length; i++) target[i] = castScalar(x![i]!, from, to);
      }),
  };
}

/** One kernel for real numbers, another one for whole ones. */
const realsOr =
  (wholes: Kernel<TfjsTensor>, reals: Kernel<TfjsTensor>): Kernel<TfjsTensor> =>
  (call) =>
    call.outputType.dtype === "float32" ? reals(call) : wholes(call);

/** out[i] = f(x[i]). */
const exactUnary =
  (memory: DeviceMemory, op: UnaryName): Kernel<TfjsTensor> =>
  (call) => {
    const compute = scalarFunction(op, call.outputType.dtype);
    return each(memory, call, (target, [x]) => {
      for (let i = 0; i < target.length; i++) target[i] = compute(x![i]!);
    });
  };

/** out[i] = f(x[i], y[i]). */
const exactBinary =
  (memory: DeviceMemory, op: BinaryName): Kernel<TfjsTensor> =>
  (call) => {
    const compute = scalarFunction(op, call.inputs[0]!.dtype);
    return each(memory, call, (target, [x, y]) => {
      for (let i = 0; i < target.length; i++) target[i] = compute(x![i]!, y![i]!);
    });
  };

/** A new tensor of a call's output type, filled from operands that were broadcast to its shape. */
function each(
  memory: DeviceMemory,
  { inputs, outputType: { shape, dtype } }: KernelCall<TfjsTensor, unknown>,
  fill: (target: TfjsData, operands: readonly TfjsData[]) => void,
): TfjsTensor {
  const output = memory.allocate(shape, dtype as TfjsDType);
  const operands = inputs.map((x) => spread(memory.elements(x), x.shape, shape));
  fill(memory.elements(output), operands);
  return output;
}

/** The elements of an operand as the output's shape meets them. */
function spread(elements: TfjsData, shape: readonly number[], to: readonly number[]): TfjsData {
  if (sameShape(shape, to)) return elements;
  const target = new (elements.constructor as new (length: number) => TfjsData)(elementCount(to));
  readStrided(elements, { shape: to, start: 0, strides: broadcastStrides(shape, to) }, target);
  return target;
}
