import { elementCount } from "@relpos/core";
import { integerRange } from "@relpos/core/backend";
import type { MemoryDevice } from "../../device/device.js";
import type { TfjsData, TfjsTensor } from "../../device/tfjs-tensor.js";
import type { DeviceRows } from "../rows.js";
import { around, innermost } from "../shapes.js";
import { transposed } from "./movement.js";

/**
 * Rows of cpu and wasm that make fewer elements of many, and the running sum. Sums are taken in 64 bits: kernels of
 * TensorFlow.js round each of a long row's sums to 32.
 */
export function reduction(device: MemoryDevice): Pick<DeviceRows, "reduceSum" | "reduceMax" | "argMax" | "cumSum"> {
  const { memory } = device;
  /** Makes one element of each group that is reduced together, which lie `inner` apart. */
  const reduce = (
    x: TfjsTensor,
    axes: readonly number[],
    output: TfjsTensor,
    combine: (source: TfjsData, target: TfjsData, size: number, inner: number) => void,
  ): TfjsTensor => {
    const neighbours = axes.every((axis, i) => axis === axes[0]! + i);
    const order = neighbours ? undefined : innermost(x.shape.length, axes);
    const moved = order ? transposed(device, x, order) : x;
    const size = elementCount(axes.map((axis) => x.shape[axis]!));
    const inner = order ? 1 : elementCount(x.shape.slice(axes.at(-1)! + 1));
    combine(memory.elements(moved), memory.elements(output), size, inner);
    return output;
  };
  return {
    reduceSum: ({ inputs: [x], attributes: { axes }, outputType: { shape } }) => {
      return reduce(x!, axes, memory.allocate(shape, x!.dtype), sumGroups);
    },
    reduceMax: ({ inputs: [x], attributes: { axes }, outputType: { shape, dtype } }) => {
      const lowest = integerRange[dtype]?.lowest ?? Number.NEGATIVE_INFINITY;
      return reduce(x!, axes, device.fill(shape, x!.dtype, lowest), maximizeGroups);
    },
    argMax: ({ inputs: [x], attributes: { axis }, outputType: { shape } }) => {
      return reduce(x!, [axis], device.fill(shape, "int32", 0), findMaxima);
    },
    cumSum: ({ inputs: [x], attributes: { axis, exclusive, reverse } }) => {
      const [outer, size, inner] = around(x!.shape, axis);
      const output = memory.allocate(x!.shape, x!.dtype);
      const [source, target] = [memory.elements(x!), memory.elements(output)];
      const [first, step] = reverse ? [(size - 1) * inner, -inner] : [0, inner];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0;
          for (let n = 0, place = o * size * inner + first + i; n < size; n++, place += step) {
            const before = sum;
            sum += source[place]!;
            target[place] = exclusive ? before : sum;
          }
        }
      }
      return output;
    },
  };
}

/** Row by row, as elements lie in memory. */
function sumGroups(source: TfjsData, target: TfjsData, size: number, inner: number): void {
  if (inner === 1) {
    sumRows(source, target, size);
    return;
  }
  const sums = new Float64Array(inner);
  for (let to = 0, place = 0; to < target.length; to += inner) {
    sums.fill(0);
    for (let n = 0; n < size; n++) {
      for (let i = 0; i < inner; i++) sums[i]! += source[place++]!;
    }
    for (let i = 0; i < inner; i++) target[to + i] = sums[i]!;
  }
}

function sumRows(source: TfjsData, target: TfjsData, size: number): void {
  for (let to = 0, place = 0; to < target.length; to++) {
    let sum = 0;
    for (let n = 0; n < size; n++) sum += source[place++]!;
    target[to] = sum;
  }
}

/** NaN is larger than every number. */
function maximizeGroups(source: TfjsData, target: TfjsData, size: number, inner: number): void {
  for (let to = 0, place = 0; to < target.length; to += inner) {
    for (let n = 0; n < size; n++) {
      for (let i = to; i < to + inner; i++) {
        const value = source[place++]!;
        if (value > target[i]! || Number.isNaN(value)) target[i] = value;
      }
    }
  }
}

/** The first of the largest; the first NaN where there is one. */
function findMaxima(source: TfjsData, target: TfjsData, size: number, inner: number): void {
  for (let to = 0; to < target.length; to++) {
    const first = Math.floor(to / inner) * size * inner + (to % inner);
    let best = source[first]!;
    for (let n = 1; n < size && !Number.isNaN(best); n++) {
      const value = source[first + n * inner]!;
      if (value <= best) continue;
      best = value;
      target[to] = n;
    }
  }
}
