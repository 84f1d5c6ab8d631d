import type { Device, DeviceName, TfjsTensor } from "../device/device.js";
import { tiled } from "./gpu/movement.js";
import { expanded } from "./memory/movement.js";
import { broadcastShape, highestRank, mergedShapes, sameShape } from "./shapes.js";

/** Kernels that broadcast fast along any axis; others get whole tensors, or such as are repeated as they are. */
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
  const operand = (x: TfjsTensor, own: readonly number[]): TfjsTensor => {
    const seen = device.view(x, own);
    return own.includes(1) && !broadcasting[device.name](kernel) ? expandTo(device, seen, whole) : seen;
  };
  return device.view(device.run(kernel, { a: operand(a, left), b: operand(b, right) }), shape);
}

/** A tensor broadcast to a shape; itself when it has that shape. */
export function expandTo(device: Device, x: TfjsTensor, shape: readonly number[]): TfjsTensor {
  if (sameShape(x.shape, shape)) return x;
  return device.hasMemory() ? expanded(device, x, shape) : tiled(device, x, shape);
}
