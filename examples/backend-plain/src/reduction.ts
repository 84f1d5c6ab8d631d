import { check } from "@relpos/core";
import { integerRange, type KernelTable } from "@relpos/core/backend";
import { allocate, type PlainData, type PlainTensor } from "./tensor.js";
import { around, broadcastStrides, stridesOf, walk } from "./walk.js";

/** Walks a tensor together with what it is reduced to, which is broadcasting backwards: the result stands still. */
function walkReduction({ shape }: PlainTensor, axes: readonly number[]) {
  const reduced = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const { length, starts, steps } = walk(shape, stridesOf(shape), broadcastStrides(reduced, shape));
  const [[sources, targets], [di, dj]] = [starts as [Int32Array, Int32Array], steps as [number, number]];
  return { length, sources, targets, di, dj };
}

function addRow(x: PlainData, i: number, di: number, sums: Float64Array, j: number, dj: number, length: number): void {
  if (dj !== 0) {
    for (let n = 0; n < length; n++, i += di, j += dj) sums[j]! += x[i]!;
  } else {
    let sum = sums[j]!;
    for (let n = 0; n < length; n++, i += di) sum += x[i]!;
    sums[j] = sum;
  }
}

function maxRow(x: PlainData, i: number, di: number, best: PlainData, j: number, dj: number, length: number): void {
  for (let n = 0; n < length; n++, i += di, j += dj) best[j] = Math.max(best[j]!, x[i]!);
}

/** Kernels that make fewer elements of many, and the running sum. Sums are rounded, or wrap around, at their end. */
export const reduction: Pick<KernelTable<PlainTensor>, "reduceSum" | "reduceMax" | "argMax" | "cumSum"> = {
  reduceSum: ({ inputs, attributes: { axes }, outputType }) => {
    const x = inputs[0]!;
    const output = allocate(outputType);
    const sums = new Float64Array(output.data.length);
    const { length, sources, targets, di, dj } = walkReduction(x, axes);
    for (let row = 0; row < sources.length; row++) addRow(x.data, sources[row]!, di, sums, targets[row]!, dj, length);
    output.data.set(sums);
    return output;
  },

  reduceMax: ({ inputs, attributes: { axes }, outputType }) => {
    const x = inputs[0]!;
    const output = allocate(outputType);
    output.data.fill(integerRange[output.dtype]?.lowest ?? Number.NEGATIVE_INFINITY);
    const { length, sources, targets, di, dj } = walkReduction(x, axes);
    for (let row = 0; row < sources.length; row++) {
      maxRow(x.data, sources[row]!, di, output.data, targets[row]!, dj, length);
    }
    return output;
  },

  /** NaN counts as larger than every number, so that it is found where reduceMax is NaN. */
  argMax: ({ inputs, attributes: { axis }, outputType }) => {
    const { data, shape } = inputs[0]!;
    const { size, inner } = around(shape, axis);
    const output = allocate(outputType);
    check(size > 0 || output.data.length === 0, "argMax", () => "the axis must not be empty, got size 0");
    for (let o = 0; o < output.data.length; o++) {
      const start = Math.floor(o / inner) * size * inner + (o % inner);
      let best = 0;
      for (let index = 1; index < size; index++) {
        const [value, largest] = [data[start + index * inner]!, data[start + best * inner]!];
        if (value > largest || (Number.isNaN(value) && !Number.isNaN(largest))) best = index;
      }
      output.data[o] = best;
    }
    return output;
  },

  cumSum: ({ inputs, attributes: { axis, exclusive, reverse }, outputType }) => {
    const { data, shape } = inputs[0]!;
    const { outer, size, inner } = around(shape, axis);
    const output = allocate(outputType);
    const step = reverse ? -inner : inner;
    for (let lane = 0; lane < outer * inner; lane++) {
      const start = Math.floor(lane / inner) * size * inner + (lane % inner);
      let place = reverse ? start + (size - 1) * inner : start;
      let sum = 0;
      for (let index = 0; index < size; index++, place += step) {
        const value = data[place]!;
        output.data[place] = exclusive ? sum : sum + value;
        sum += value;
      }
    }
    return output;
  },
};
