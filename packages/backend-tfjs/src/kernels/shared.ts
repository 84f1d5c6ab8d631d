import { elementCount } from "@relpos/core";
import type { Kernel } from "@relpos/core/backend";
import { arrayOf, type Device } from "../device/device.js";
import type { TfjsDType, TfjsTensor } from "../device/tfjs-tensor.js";
import { applyUnary } from "./apply.js";
import type { Rows } from "./rows.js";
import { around } from "./shapes.js";

type SharedName = "floor" | "exp" | "sqrt" | "tanh" | "erf" | "iota" | "stopGradient" | "reshape";

/** Rows that are the same on every device. */
export function shared(device: Device): Rows<SharedName> {
  const unary =
    (kernel: string): Kernel<TfjsTensor> =>
    ({ inputs: [x] }) =>
      applyUnary(device, kernel, x!);
  return {
    floor: unary("Floor"),
    exp: unary("Exp"),
    sqrt: unary("Sqrt"),
    tanh: unary("Tanh"),
    erf: unary("Erf"),

    iota: ({ attributes: { shape, axis, dtype } }) => {
      const values = new arrayOf[dtype as TfjsDType](elementCount(shape));
      const [, size, inner] = around(shape, axis);
      for (let i = 0; i < values.length; i++) values[i] = Math.floor(i / inner) % size;
      return device.write(values, shape, dtype as TfjsDType);
    },
    stopGradient: ({ inputs: [x] }) => device.view(x!, x!.shape),
    reshape: ({ inputs: [x], outputType: { shape } }) => device.view(x!, shape),
  };
}
