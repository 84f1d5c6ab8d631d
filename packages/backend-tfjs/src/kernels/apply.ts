import { elementCount } from "@relpos/core";
import type { Device } from "../device/device.js";
import type { DeviceName, TfjsTensor } from "../device/tfjs-tensor.js";
import { tiled } from "./gpu/tiled.js";
import { expanded } from "./memory/movement.js";
import { broadcastShape, highestRank, mergedShapes, sameShape } from "./shapes.js";

/** Kernels that broadcast fast along any axis. */
const broadcasting: Readonly<Record<DeviceName, (kernel: string) => boolean>> = {
  cpu: () => false,
  wasm: (kernel) => ["Add", "Sub", "Multiply", "RealDiv"].includes(kernel),
  webgl: () => true,
  webgpu: () => true,
};

/** An elementwise kernel of one tensor of any rank. */
export function applyUnary(device: Device, kernel: string, x: TfjsTensor): TfjsTensor {
  if (x.shape.length <= highestRank) return device.run(kernel, { x });
  return device.view(device.run(kernel, { x: device.view(x, [-1]) }), x.shape);
}

/** An elementwise kernel of two tensors of any rank, which broadcast. */
export function applyBinary(device: Device, kernel: string, a: TfjsTensor, b: TfjsTensor): TfjsTensor {
  const shape = broadcastShape(a.shape, b.shape);
  const ready = sameShape(a.shape, b.shape) || !device.hasMemory();
  if (ready && shape.length <= highestRank) return device.run(kernel, { a, b });
  const [left, right, whole] = mergedShapes([a.shape, b.shape, shape], shape) as [number[], number[], number[]];
  const [x, y] = [device.view(a, left), device.view(b, right)];
  const fits = whole.length <= highestRank && broadcasting[device.name](kernel);
  return device.view(fits ? device.run(kernel, { a: x, b: y }) : applyToRows(device, kernel, x, y, whole), shape);
}

/** The smaller operand is met by every row of the larger one, as it is or stretched to the whole shape. */
function applyToRows(
  device: Device,
  kernel: string,
  a: TfjsTensor,
  b: TfjsTensor,
  whole: readonly number[],
): TfjsTensor {
  const [x, y] = [a, b].map((operand) => (operand.shape.includes(1) ? expandTo(device, operand, whole) : operand));
  const size = Math.min(elementCount(x!.shape), elementCount(y!.shape));
  const rows = (operand: TfjsTensor): TfjsTensor => {
    return device.view(operand, elementCount(operand.shape) === size ? [size] : [-1, size]);
  };
  return device.run(kernel, { a: rows(x!), b: rows(y!) });
}

/** A tensor broadcast to a shape; itself when it has that shape. */
export function expandTo(device: Device, x: TfjsTensor, shape: readonly number[]): TfjsTensor {
  if (sameShape(x.shape, shape)) return x;
  return device.hasMemory() ? expanded(device, x, shape) : tiled(device, x, shape);
}
