import type { TfjsData } from "../../device/tfjs-tensor.js";
import { stridesOf } from "../shapes.js";

/** A walk over elements that need not be neighbours: how far, and how many elements apart, along each axis. */
export interface Walk {
  readonly shape: readonly number[];
  readonly start: number;
  readonly strides: readonly number[];
}

/** Strides with which a tensor is read as if it had the shape that it broadcasts to: 0 along axes that it lacks. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): readonly number[] {
  const strides = stridesOf(shape);
  return to.map((_, axis) => {
    const own = axis - to.length + shape.length;
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!;
  });
}

/** Copies the elements that a walk meets, one after the other. */
export function readStrided(source: TfjsData, walk: Walk, target: TfjsData): void {
  let place = 0;
  forEachRow(walk, (first, size, stride) => {
    if (stride === 1 && size >= blockSize) target.set(source.subarray(first, first + size), place);
    else if (stride === 0) target.fill(source[first]!, place, place + size);
    else for (let i = 0; i < size; i++) target[place + i] = source[first + i * stride]!;
    place += size;
  });
}

/** Copies elements, one after the other, to where a walk leads. */
export function writeStrided(source: TfjsData, walk: Walk, target: TfjsData): void {
  let place = 0;
  forEachRow(walk, (first, size, stride) => {
    if (stride === 1 && size >= blockSize) target.set(source.subarray(place, place + size), first);
    else for (let i = 0; i < size; i++) target[first + i * stride] = source[place + i]!;
    place += size;
  });
}

/** So many neighbours are copied faster as a block. */
const blockSize = 32;

/** Visits a walk in rows along its last axis: where each starts, how many elements it has, how far apart they are. */
function forEachRow(walk: Walk, visit: (first: number, size: number, stride: number) => void): void {
  const { shape, strides } = merged(walk);
  const last = shape.length - 1;
  const descend = (axis: number, from: number): void => {
    if (axis === last) visit(from, shape[last]!, strides[last]!);
    else for (let i = 0; i < shape[axis]!; i++) descend(axis + 1, from + i * strides[axis]!);
  };
  descend(0, walk.start);
}

/** The same walk along fewer axes, but at least one: those that continue one another are one. */
function merged({ shape, strides }: Walk): Pick<Walk, "shape" | "strides"> {
  const sizes = [1];
  const steps = [1];
  shape.forEach((size, axis) => {
    const last = sizes.length - 1;
    const stride = strides[axis]!;
    if (size === 1) return;
    if (sizes[last] === 1 || steps[last] === stride * size) {
      sizes[last]! *= size;
      steps[last] = stride;
    } else {
      sizes.push(size);
      steps.push(stride);
    }
  });
  return { shape: sizes, strides: steps };
}
