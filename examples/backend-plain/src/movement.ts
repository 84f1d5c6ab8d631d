import { check } from "@relpos/core";
import { castScalar, type KernelTable, type KernelType } from "@relpos/core/backend";
import { allocate, type PlainData, type PlainTensor } from "./tensor.js";
import { around, broadcastStrides, placesOf, stridesOf, walk } from "./walk.js";

/** Where the elements of a box lie. */
interface Box {
  readonly data: PlainData;
  readonly strides: readonly number[];
  readonly start: number;
}

/** A whole tensor, or the box in it whose first element has the index `corner`. */
function boxOf({ data, shape }: PlainTensor, corner: readonly number[] = []): Box {
  const strides = stridesOf(shape);
  return { data, strides, start: corner.reduce((place, index, axis) => place + index * strides[axis]!, 0) };
}

/** Copies the elements of one box into another. */
function copy(shape: readonly number[], from: Box, to: Box): void {
  const { length, starts, steps } = walk(shape, from.strides, to.strides);
  const [[sources, targets], [di, dj]] = [starts as [Int32Array, Int32Array], steps as [number, number]];
  for (let row = 0; row < sources.length; row++) {
    copyRow(from.data, from.start + sources[row]!, di, to.data, to.start + targets[row]!, dj, length);
  }
}

function copyRow(from: PlainData, i: number, di: number, to: PlainData, j: number, dj: number, length: number): void {
  for (let n = 0; n < length; n++, i += di, j += dj) to[j] = from[i]!;
}

/** A new tensor, filled from a box. */
function read(from: Box, type: KernelType): PlainTensor {
  const output = allocate(type);
  copy(output.shape, from, boxOf(output));
  return output;
}

function checkIndices(operation: string, indices: PlainTensor, size: number): void {
  for (const index of indices.data) {
    check(index >= 0 && index < size, operation, () => `index must be in [0, ${size}), got ${index}`);
  }
}

type MovementName =
  | ("iota" | "stopGradient" | "reshape" | "transpose" | "expand" | "slice" | "pad" | "concat")
  | ("gather" | "gatherElements");

/** Kernels that compute nothing and only move elements. */
export const movement: Pick<KernelTable<PlainTensor>, MovementName> = {
  iota: ({ attributes: { shape, axis }, outputType }) => {
    const output = allocate(outputType);
    output.data.set(
      placesOf(
        shape,
        shape.map((_, other) => (other === axis ? 1 : 0)),
      ),
    );
    return output;
  },

  // A new handle, as core asks; the elements can be shared, since nobody writes to them.
  stopGradient: ({ inputs }) => ({ ...inputs[0]! }),
  reshape: ({ inputs, outputType: { shape } }) => ({ ...inputs[0]!, shape }),

  transpose: ({ inputs, attributes: { permutation }, outputType }) => {
    const { data, strides } = boxOf(inputs[0]!);
    return read({ data, strides: permutation.map((axis) => strides[axis]!), start: 0 }, outputType);
  },

  expand: ({ inputs, outputType }) => {
    const { data, shape } = inputs[0]!;
    return read({ data, strides: broadcastStrides(shape, outputType.shape), start: 0 }, outputType);
  },

  slice: ({ inputs, attributes: { starts }, outputType }) => read(boxOf(inputs[0]!, starts), outputType),

  pad: ({ inputs, attributes: { before, value }, outputType }) => {
    const output = allocate(outputType);
    output.data.fill(castScalar(value, "float32", output.dtype));
    copy(inputs[0]!.shape, boxOf(inputs[0]!), boxOf(output, before));
    return output;
  },

  concat: ({ inputs, attributes: { axis }, outputType }) => {
    const output = allocate(outputType);
    const corner = output.shape.map(() => 0);
    for (const input of inputs) {
      copy(input.shape, boxOf(input), boxOf(output, corner));
      corner[axis]! += input.shape[axis]!;
    }
    return output;
  },

  /** out[o, p, i] = data[o, indices[p], i]. */
  gather: ({ inputs, attributes: { axis }, outputType }) => {
    const [data, indices] = [inputs[0]!, inputs[1]!];
    const { outer, size, inner } = around(data.shape, axis);
    const output = allocate(outputType);
    checkIndices("gather", indices, size);
    let place = 0;
    for (let o = 0; o < outer; o++) {
      for (const index of indices.data) {
        copyRow(data.data, (o * size + index) * inner, 1, output.data, place, 1, inner);
        place += inner;
      }
    }
    return output;
  },

  /** out[o, p, i] = data[o, indices[o, p, i], i]. */
  gatherElements: ({ inputs, attributes: { axis }, outputType }) => {
    const [data, indices] = [inputs[0]!, inputs[1]!];
    const { outer, size, inner } = around(data.shape, axis);
    const output = allocate(outputType);
    checkIndices("gatherElements", indices, size);
    let place = 0;
    for (let o = 0; o < outer; o++) {
      for (let p = 0; p < indices.shape[axis]!; p++) {
        for (let i = 0; i < inner; i++, place++) {
          output.data[place] = data.data[(o * size + indices.data[place]!) * inner + i]!;
        }
      }
    }
    return output;
  },
};
