import { check } from "@relpos/core";
import type { MemoryDevice } from "../../device/device.js";
import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import type { DeviceRows } from "../rows.js";
import { around } from "../shapes.js";

/** Rows of cpu and wasm that move elements from places that other elements decide. */
export function gathering({ memory }: MemoryDevice): Pick<DeviceRows, "gather" | "gatherElements"> {
  return {
    /** out[o, p, i] = data[o, indices[p], i]. */
    gather: ({ inputs, attributes: { axis }, outputType: { shape } }) => {
      const [data, indices] = [inputs[0]!, inputs[1]!];
      const [outer, size, inner] = around(data.shape, axis);
      const output = memory.allocate(shape, data.dtype);
      const [source, places, target] = [data, indices, output].map(memory.elements);
      let place = 0;
      for (let o = 0; o < outer; o++) {
        for (let p = 0; p < places!.length; p++) {
          const from = (o * size + checkedIndex("gather", places![p]!, size)) * inner;
          for (let i = 0; i < inner; i++) target![place++] = source![from + i]!;
        }
      }
      return output;
    },

    /** out[o, p, i] = data[o, indices[o, p, i], i]. */
    gatherElements: ({ inputs, attributes: { axis }, outputType: { shape } }) => {
      const [data, indices] = [inputs[0]!, inputs[1]!];
      const [outer, size, inner] = around(data.shape, axis);
      const count = shape[axis]!;
      const output = memory.allocate(shape, data.dtype);
      const [source, places, target] = [data, indices, output].map(memory.elements);
      let place = 0;
      for (let o = 0; o < outer; o++) {
        for (let p = 0; p < count; p++) {
          for (let i = 0; i < inner; i++, place++) {
            target![place] = source![(o * size + checkedIndex("gatherElements", places![place]!, size)) * inner + i]!;
          }
        }
      }
      return output;
    },
  };
}

function checkedIndex(operation: string, index: number, size: number): number {
  check(index >= 0 && index < size, operation, () => `index must be in [0, ${size}), got ${index}`);
  return index;
}

/** Zeros [size, ...] with every update added at its index along axis 0; an update whose index is out of bounds is lost. */
export function scattered(
  device: MemoryDevice,
  indices: TfjsTensor,
  updates: TfjsTensor,
  shape: readonly number[],
): TfjsTensor {
  const { memory } = device;
  const [, size, inner] = around(shape, 0);
  const output = device.fill(shape, updates.dtype, 0);
  const [places, source, target] = [indices, updates, output].map(memory.elements);
  for (let p = 0; p < places!.length; p++) {
    const index = places![p]!;
    if (index < 0 || index >= size) continue;
    for (let i = 0; i < inner; i++) target![index * inner + i]! += source![p * inner + i]!;
  }
  return output;
}
