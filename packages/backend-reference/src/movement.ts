import { castScalar, type KernelTable, type KernelType } from "@relpos/core/backend";
import { allocate, type ReferenceTensor } from "./reference-tensor.js";
import { broadcastStrides, offsetsOf, stridesOf } from "./strides.js";

type MovementName = "iota" | "stopGradient" | "reshape" | "transpose" | "expand" | "slice" | "pad" | "concat";

/** A new tensor whose elements are those of x at `offsets`. */
function read(x: ReferenceTensor, offsets: Int32Array, type: KernelType): ReferenceTensor {
  const output = allocate(type);
  for (let i = 0; i < offsets.length; i++) output.data[i] = x.data[offsets[i]!]!;
  return output;
}

/** Puts the elements of x into the box of `output` whose first element has the index `corner`. */
function write(x: ReferenceTensor, output: ReferenceTensor, corner: readonly number[]): void {
  const offsets = offsetsOf(x.shape, stridesOf(output.shape), placeOf(corner, output.shape));
  for (let i = 0; i < offsets.length; i++) output.data[offsets[i]!] = x.data[i]!;
}

/** A new tensor with the elements of x in their order. */
function copy(x: ReferenceTensor, shape: readonly number[]): ReferenceTensor {
  return { shape, dtype: x.dtype, data: x.data.slice() };
}

/** Where the element with an index is in memory. */
function placeOf(index: readonly number[], shape: readonly number[]): number {
  return stridesOf(shape).reduce((sum, stride, axis) => sum + stride * index[axis]!, 0);
}

/** Kernels that only move elements, from places that the shapes alone decide. */
export const movement: Pick<KernelTable<ReferenceTensor>, MovementName> = {
  // The index along an axis is the place in a tensor that moves along that axis only.
  iota: ({ attributes: { shape, axis }, outputType }) => {
    const output = allocate(outputType);
    const strides = shape.map((_, other) => (other === axis ? 1 : 0));
    output.data.set(offsetsOf(shape, strides));
    return output;
  },

  stopGradient: ({ inputs }) => copy(inputs[0]!, inputs[0]!.shape),

  reshape: ({ inputs, outputType: { shape } }) => copy(inputs[0]!, shape),

  transpose: ({ inputs, attributes: { permutation }, outputType }) => {
    const strides = stridesOf(inputs[0]!.shape);
    const permuted = permutation.map((axis) => strides[axis]!);
    return read(inputs[0]!, offsetsOf(outputType.shape, permuted), outputType);
  },

  expand: ({ inputs, outputType }) => {
    const { shape } = outputType;
    return read(inputs[0]!, offsetsOf(shape, broadcastStrides(inputs[0]!.shape, shape)), outputType);
  },

  slice: ({ inputs, attributes: { starts }, outputType }) => {
    const { shape } = inputs[0]!;
    return read(inputs[0]!, offsetsOf(outputType.shape, stridesOf(shape), placeOf(starts, shape)), outputType);
  },

  pad: ({ inputs, attributes: { before, value }, outputType }) => {
    const output = allocate(outputType);
    output.data.fill(castScalar(value, "float32", output.dtype));
    write(inputs[0]!, output, before);
    return output;
  },

  concat: ({ inputs, attributes: { axis }, outputType }) => {
    const output = allocate(outputType);
    const corner = output.shape.map(() => 0);
    for (const input of inputs) {
      write(input, output, corner);
      corner[axis]! += input.shape[axis]!;
    }
    return output;
  },
};
