import { elementCount } from "@relpos/core";
import { integerRange } from "@relpos/core/backend";
import type { Device } from "../../device/device.js";
import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import type { DeviceRows } from "../rows.js";
import { innermost } from "../shapes.js";
import { transposed } from "./movement.js";
import { operationsOn } from "./operations.js";

/** Rows of webgl and webgpu that make fewer elements of many, and the running sum. */
export function reduction(device: Device): Pick<DeviceRows, "reduceSum" | "reduceMax" | "argMax" | "cumSum"> {
  return {
    reduceSum: ({ inputs: [x], attributes: { axes }, outputType: { shape } }) => {
      if (elementCount(x!.shape) === 0) return device.fill(shape, x!.dtype, 0);
      return device.view(device.run("Sum", { x: rows(device, x!, axes) }, { axis: [1], keepDims: false }), shape);
    },
    reduceMax: ({ inputs: [x], attributes: { axes }, outputType: { shape, dtype } }) => {
      const lowest = integerRange[dtype]?.lowest ?? Number.NEGATIVE_INFINITY;
      if (elementCount(x!.shape) === 0) return device.fill(shape, x!.dtype, lowest);
      return device.view(largest(device, rows(device, x!, axes)), shape);
    },
    argMax: ({ inputs: [x], attributes: { axis }, outputType: { shape } }) => {
      return device.view(findMaxima(device, rows(device, x!, [axis])), shape);
    },
    cumSum: ({ inputs: [x], attributes: { axis, exclusive, reverse } }) => {
      const order = innermost(x!.shape.length, [axis]);
      const sums = runningSums(device, rows(device, x!, [axis]), exclusive, reverse);
      if (!order) return device.view(sums, x!.shape);
      const moved = device.view(
        sums,
        order.map((from) => x!.shape[from]!),
      );
      return transposed(
        device,
        moved,
        order.map((_, place) => order.indexOf(place)),
      );
    },
  };
}

/** Of each row. WebGL's kernel finds nothing below −1e20: where that is all there is, it gets 2⁻⁶⁴ of it. */
function largest(device: Device, x: TfjsTensor): TfjsTensor {
  const { less, mul, select } = operationsOn(device);
  const max = (rows: TfjsTensor) => device.run("Max", { x: rows }, { reductionIndices: [1], keepDims: false });
  if (device.name !== "webgl" || x.dtype !== "float32") return max(x);
  const found = max(x);
  return select(less(found, -5e19), mul(max(mul(x, 2 ** -64)), 2 ** 64), found);
}

/** The first of the largest of each row; the first NaN where there is one, which the kernel passes over. */
function findMaxima(device: Device, x: TfjsTensor): TfjsTensor {
  const { cast, equal, notANumber, select } = operationsOn(device);
  const place = (rows: TfjsTensor) =>
    device.name === "webgpu" && rows.shape[1]! >= sharedRow
      ? firstOfLargest(device, rows)
      : device.run("ArgMax", { x: rows }, { axis: 1 });
  if (x.dtype !== "float32") return place(x);
  const isMissing = cast(notANumber(x), "float32");
  const missing = equal(largest(device, isMissing), 1);
  return select(missing, place(isMissing), place(x));
}

/** From so many elements on WebGPU's ArgMax shares a row among threads, and takes any of the largest, not the first. */
const sharedRow = 32;

/** The first of the largest of each row, by how many elements there are from it on. */
function firstOfLargest(device: Device, x: TfjsTensor): TfjsTensor {
  const { cast, equal, select, sub } = operationsOn(device);
  const size = x.shape[1]!;
  const from = device.write(
    Float32Array.from({ length: size }, (_, index) => size - index),
    [1, size],
    "float32",
  );
  const reached = select(equal(x, device.view(largest(device, x), [-1, 1])), from, device.scalar(0, "float32"));
  return cast(sub(device.scalar(size, "float32"), largest(device, reached)), "int32");
}

/**
 * Along rows. WebGPU's kernel computes nothing with integers, and from the end it takes every row to be as long as the
 * first that it ever saw: so it gets real numbers, from the start.
 */
function runningSums(device: Device, x: TfjsTensor, exclusive: boolean, reverse: boolean): TfjsTensor {
  if (device.name !== "webgpu") return device.run("Cumsum", { x }, { axis: 1, exclusive, reverse });
  const { cast } = operationsOn(device);
  const turned = (rows: TfjsTensor) => (reverse ? device.run("Reverse", { x: rows }, { dims: [1] }) : rows);
  const sums = device.run("Cumsum", { x: turned(cast(x, "float32")) }, { axis: 1, exclusive, reverse: false });
  return cast(turned(sums), x.dtype);
}

/** [outer, reduced]: the axes to reduce come last, as one. */
function rows(device: Device, x: TfjsTensor, axes: readonly number[]): TfjsTensor {
  const order = innermost(x.shape.length, axes);
  const size = elementCount(axes.map((axis) => x.shape[axis]!));
  return device.view(order ? transposed(device, x, order) : x, [-1, size]);
}
