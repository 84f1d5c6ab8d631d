import type { Device } from "../../device/device.js";
import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import { applyBinary, applyUnary, expandTo } from "../apply.js";
import { broadcastShape, highestRank } from "../shapes.js";

/** Kernels of a GPU as functions, for rows that take several; a number is a scalar of the first operand's type. */
export function operationsOn(device: Device) {
  const unary = (kernel: string) => (x: TfjsTensor) => applyUnary(device, kernel, x);
  const tensorOf = (x: TfjsTensor | number, { dtype }: TfjsTensor) =>
    typeof x === "number" ? device.scalar(x, dtype) : x;
  const binary = (kernel: string) => (a: TfjsTensor, b: TfjsTensor | number) => {
    return applyBinary(device, kernel, a, tensorOf(b, a));
  };
  return {
    abs: unary("Abs"),
    exp: unary("Exp"),
    floor: unary("Floor"),
    finite: unary("IsFinite"),
    infinite: unary("IsInf"),
    notANumber: unary("IsNan"),
    log: unary("Log"),
    neg: unary("Neg"),
    reciprocal: unary("Reciprocal"),
    round: unary("Round"),
    sign: unary("Sign"),
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Multiply"),
    div: binary("RealDiv"),
    floorDiv: binary("FloorDiv"),
    pow: binary("Pow"),
    equal: binary("Equal"),
    notEqual: binary("NotEqual"),
    less: binary("Less"),
    and: binary("LogicalAnd"),
    or: binary("LogicalOr"),

    /** Elements of `then` where the condition holds, of `otherwise` elsewhere; all three broadcast. */
    select: (condition: TfjsTensor, then: TfjsTensor | number, otherwise: TfjsTensor): TfjsTensor => {
      const chosen = tensorOf(then, otherwise);
      const shape = broadcastShape(condition.shape, broadcastShape(chosen.shape, otherwise.shape));
      const whole = (x: TfjsTensor): TfjsTensor => {
        const all = expandTo(device, x, shape);
        return shape.length <= highestRank ? all : device.view(all, [-1]);
      };
      const inputs = { condition: whole(condition), t: whole(chosen), e: whole(otherwise) };
      return device.view(device.run("Select", inputs), shape);
    },

    cast: (x: TfjsTensor, dtype: TfjsTensor["dtype"]): TfjsTensor => {
      if (x.dtype === dtype) return x;
      if (dtype === "bool") return binary("NotEqual")(x, 0);
      // WebGPU's cast leaves whole numbers in the buffer, which other kernels then take for real ones.
      if (dtype === "float32") return applyBinary(device, "Multiply", x, device.scalar(1, "float32"));
      return device.run("Cast", { x }, { dtype });
    },
  };
}

export type GpuOperations = ReturnType<typeof operationsOn>;
