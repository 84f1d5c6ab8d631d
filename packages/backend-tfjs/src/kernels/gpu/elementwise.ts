import type { BinaryName, Kernel, UnaryName } from "@relpos/core/backend";
import type { Device } from "../../device/device.js";
import type { TfjsDType, TfjsTensor } from "../../device/tfjs-tensor.js";
import { applyBinary, applyUnary } from "../apply.js";
import type { DeviceRows } from "../rows.js";
import { logarithm } from "./logarithm.js";
import { type GpuOperations, operationsOn } from "./operations.js";
import { power } from "./power.js";
import { cosine, sine } from "./sine.js";

type GpuElementwise = Pick<DeviceRows, Extract<keyof DeviceRows, UnaryName | BinaryName | "where" | "cast">>;

/** Elementwise rows of webgl and webgpu, which compute integers in float32: exactly up to 2²⁴. */
export function elementwise(device: Device): GpuElementwise {
  const operations = operationsOn(device);
  const unary =
    (kernel: string): Kernel<TfjsTensor> =>
    ({ inputs: [x] }) =>
      applyUnary(device, kernel, x!);
  const binary =
    (kernel: string): Kernel<TfjsTensor> =>
    ({ inputs: [a, b] }) =>
      applyBinary(device, kernel, a!, b!);
  return {
    neg: unary("Neg"),
    abs: unary("Abs"),
    sign: ({ inputs: [x] }) => sign(operations, x!),
    sin: ({ inputs: [x] }) => sine(operations, x!),
    cos: ({ inputs: [x] }) => cosine(operations, x!),
    log: ({ inputs: [x] }) => logarithm(operations, x!),
    logicalNot: unary("LogicalNot"),
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Multiply"),
    div: ({ inputs: [a, b] }) => {
      if (a!.dtype === "int32") return truncatedQuotient(operations, a!, b!);
      return device.name === "webgl" ? quotientOnWebgl(operations, a!, b!) : operations.div(a!, b!);
    },
    pow: ({ inputs: [a, b] }) => power(operations, a!, b!),
    maximum: binary("Maximum"),
    minimum: binary("Minimum"),
    equal: binary("Equal"),
    less: binary("Less"),
    lessOrEqual: binary("LessEqual"),
    logicalAnd: binary("LogicalAnd"),
    logicalOr: binary("LogicalOr"),
    where: ({ inputs: [condition, then, otherwise] }) => operations.select(condition!, then!, otherwise!),
    cast: ({ inputs: [x], attributes: { dtype } }) => operations.cast(x!, dtype as TfjsDType),
  };
}

/** The kernel gives 0 for NaN. */
function sign({ sign, notANumber, select }: GpuOperations, x: TfjsTensor): TfjsTensor {
  return x.dtype === "float32" ? select(notANumber(x), x, sign(x)) : sign(x);
}

/** The kernel rounds down: the quotient is 1 more where it is negative and leaves a rest. */
function truncatedQuotient(operations: GpuOperations, a: TfjsTensor, b: TfjsTensor): TfjsTensor {
  const { add, and, cast, floorDiv, less, mul, notEqual } = operations;
  const floored = floorDiv(a, b);
  return add(floored, cast(and(notEqual(mul(floored, b), a), less(floored, 0)), "int32"));
}

/** The kernel gives 1 for equal operands, 0 and 0 or ∞ and ∞ not excepted: those numbers are their own double. */
function quotientOnWebgl({ add, and, div, equal, select }: GpuOperations, a: TfjsTensor, b: TfjsTensor): TfjsTensor {
  return select(and(equal(a, b), equal(a, add(a, a))), Number.NaN, div(a, b));
}
