import { elementCount } from "@relpos/core";
import type { MemoryDevice } from "../../device/device.js";
import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import type { DeviceRows } from "../rows.js";
import { highestRank, mergedPermutation, placeOf, stridesOf } from "../shapes.js";
import { broadcastStrides, readStrided, type Walk, writeStrided } from "./strided.js";

type MemoryMovement = Pick<DeviceRows, "transpose" | "expand" | "slice" | "pad" | "concat">;

/** Rows of cpu and wasm that move elements, of tensors of any rank: the kernels of TensorFlow.js are slow or copy twice. */
export function movement(device: MemoryDevice): MemoryMovement {
  const { memory } = device;
  return {
    transpose: ({ inputs: [x], attributes: { permutation } }) => transposed(device, x!, permutation),
    expand: ({ inputs: [x], outputType: { shape } }) => expanded(device, x!, shape),
    slice: ({ inputs: [x], attributes: { starts }, outputType: { shape } }) => {
      return read(device, x!, { shape, start: placeOf(starts, x!.shape), strides: stridesOf(x!.shape) });
    },
    pad: ({ inputs: [x], attributes: { before, value }, outputType: { shape } }) => {
      const output = device.fill(shape, x!.dtype, value);
      if (elementCount(x!.shape) > 0) write(device, x!, output, before);
      return output;
    },
    concat: ({ inputs, attributes: { axis }, outputType: { shape } }) => {
      const output = memory.allocate(shape, inputs[0]!.dtype);
      const corner = shape.map(() => 0);
      for (const x of inputs) {
        if (elementCount(x.shape) > 0) write(device, x, output, corner);
        corner[axis]! += x.shape[axis]!;
      }
      return output;
    },
  };
}

/** Axis `i` of the result is axis `permutation[i]` of x. */
export function transposed(device: MemoryDevice, x: TfjsTensor, permutation: readonly number[]): TfjsTensor {
  const shape = permutation.map((axis) => x.shape[axis]!);
  const merged = mergedPermutation(x.shape, permutation);
  if (merged.shape.length < 2) return device.view(x, shape);
  if (device.name === "wasm" && merged.shape.length <= highestRank) {
    const seen = device.view(x, merged.shape);
    return device.view(device.run("Transpose", { x: seen }, { perm: merged.permutation }), shape);
  }
  const strides = stridesOf(x.shape);
  return read(device, x, { shape, start: 0, strides: permutation.map((axis) => strides[axis]!) });
}

/** A tensor broadcast to a shape. */
export function expanded(device: MemoryDevice, x: TfjsTensor, shape: readonly number[]): TfjsTensor {
  return read(device, x, { shape, start: 0, strides: broadcastStrides(x.shape, shape) });
}

/** A new tensor of the elements that a walk meets. */
function read({ memory }: MemoryDevice, x: TfjsTensor, walk: Walk): TfjsTensor {
  const output = memory.allocate(walk.shape, x.dtype);
  readStrided(memory.elements(x), walk, memory.elements(output));
  return output;
}

/** Puts the elements of x into the box of `output` whose first element has the index `corner`. */
function write({ memory }: MemoryDevice, x: TfjsTensor, output: TfjsTensor, corner: readonly number[]): void {
  const walk = { shape: x.shape, start: placeOf(corner, output.shape), strides: stridesOf(output.shape) };
  writeStrided(memory.elements(x), walk, memory.elements(output));
}
