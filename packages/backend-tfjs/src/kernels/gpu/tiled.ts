import type { Device } from "../../device/device.js";
import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import { around, withRank } from "../shapes.js";

/** A tensor broadcast to a shape. */
export function tiled(device: Device, x: TfjsTensor, shape: readonly number[]): TfjsTensor {
  const own = withRank(x.shape, shape.length);
  const whole = own.reduceRight((rest, size, axis) => {
    if (size === shape[axis]) return rest;
    const seen = device.view(rest, around([...own.slice(0, axis + 1), ...shape.slice(axis + 1)], axis));
    return device.run("Tile", { x: seen }, { reps: [1, shape[axis], 1] });
  }, x);
  return device.view(whole, shape);
}
