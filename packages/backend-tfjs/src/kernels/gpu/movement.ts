import { elementCount } from "@relpos/core";
import type { Device } from "../../device/device.js";
import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import type { DeviceRows } from "../rows.js";
import { around, highestRank, mergedPermutation } from "../shapes.js";
import { operationsOn } from "./operations.js";
import { tiled } from "./tiled.js";

type GpuMovement = Pick<DeviceRows, "transpose" | "expand" | "slice" | "pad" | "concat">;

/**
 * Rows of webgl and webgpu that move elements. Kernels of TensorFlow.js know so many axes and no more, which are not the
 * same for each: where there may be too many, one axis is treated after the other, seen as [outer, size, inner].
 */
export function movement(device: Device): GpuMovement {
  return {
    transpose: ({ inputs: [x], attributes: { permutation } }) => transposed(device, x!, permutation),
    expand: ({ inputs: [x], outputType: { shape } }) => tiled(device, x!, shape),
    slice: ({ inputs: [x], attributes: { starts, ends }, outputType: { shape } }) => {
      const cut = x!.shape.reduce((rest, size, axis) => {
        if (starts[axis] === 0 && ends[axis] === size) return rest;
        const sizes = [...shape.slice(0, axis), ...x!.shape.slice(axis)];
        const [outer, , inner] = around(sizes, axis);
        const box = { begin: [0, starts[axis], 0], size: [outer, shape[axis], inner] };
        return device.run("Slice", { x: device.view(rest, around(sizes, axis)) }, box);
      }, x!);
      return device.view(cut, shape);
    },
    pad: ({ inputs: [x], attributes: { before, after, value }, outputType: { shape } }) => {
      if (elementCount(x!.shape) === 0) return device.fill(shape, x!.dtype, value);
      const padded = x!.shape.reduce((rest, _, axis) => {
        const amount = [before[axis], after[axis]];
        if (amount.every((count) => count === 0)) return rest;
        const seen = device.view(rest, around([...shape.slice(0, axis), ...x!.shape.slice(axis)], axis));
        return device.run("PadV2", { x: seen }, { paddings: [[0, 0], amount, [0, 0]], constantValue: value });
      }, x!);
      return device.view(padded, shape);
    },
    concat: ({ inputs, attributes: { axis }, outputType: { shape } }) => {
      const rows = inputs.flatMap((x) => {
        const [outer, size, inner] = around(x.shape, axis);
        return outer * size * inner === 0 ? [] : device.view(x, [outer, size * inner]);
      });
      return device.view(rows.length === 1 ? rows[0]! : device.run("Concat", rows, { axis: 1 }), shape);
    },
  };
}

/** Axis `i` of the result is axis `permutation[i]` of x. */
export function transposed(device: Device, x: TfjsTensor, permutation: readonly number[]): TfjsTensor {
  const shape = permutation.map((axis) => x.shape[axis]!);
  const merged = mergedPermutation(x.shape, permutation);
  if (merged.shape.length < 2) return device.view(x, shape);
  // WebGPU's kernel is for real numbers only, and fails silently: github.com/tensorflow/tfjs/pull/8616.
  const { cast } = operationsOn(device);
  const reals = device.name === "webgpu" && x.dtype !== "float32" ? cast(x, "float32") : x;
  const moved = permuted(device, device.view(reals, merged.shape), merged.permutation);
  return device.view(moved.dtype === x.dtype ? moved : cast(moved, x.dtype), shape);
}

function permuted(device: Device, x: TfjsTensor, permutation: readonly number[]): TfjsTensor {
  if (permutation.length > highestRank) return sorted(device, x, permutation);
  return device.run("Transpose", { x }, { perm: permutation });
}

/** Brings one axis after the other to its place, seen as [those in their places, others, axis, others]. */
function sorted(device: Device, x: TfjsTensor, permutation: readonly number[]): TfjsTensor {
  const count = (axes: readonly number[]): number => elementCount(axes.map((axis) => x.shape[axis]!));
  let order = permutation.toSorted((a, b) => a - b);
  return permutation.reduce((rest, axis, place) => {
    const from = order.indexOf(axis);
    const [ready, passed, behind] = [order.slice(0, place), order.slice(place, from), order.slice(from + 1)];
    order = [...ready, axis, ...passed, ...behind];
    if (from === place) return rest;
    const seen = device.view(rest, [count(ready), count(passed), x.shape[axis]!, count(behind)]);
    return device.run("Transpose", { x: seen }, { perm: [0, 2, 1, 3] });
  }, x);
}
