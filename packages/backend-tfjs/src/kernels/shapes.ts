import { elementCount } from "@relpos/core";

/** Kernels of TensorFlow.js that take tensors of any rank are sure to take these. */
export const highestRank = 4;

/** Sizes of a tensor seen as [outer, size, inner], with `size` that of one axis. */
export function around(shape: readonly number[], axis: number): readonly [outer: number, size: number, inner: number] {
  return [elementCount(shape.slice(0, axis)), shape[axis]!, elementCount(shape.slice(axis + 1))];
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A shape with ones before it, up to a rank. */
export function withRank(shape: readonly number[], rank: number): readonly number[] {
  return [...Array<number>(rank - shape.length).fill(1), ...shape];
}

/** What two shapes that fit broadcast to. */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [withRank(a, rank), withRank(b, rank)];
  return left.map((size, axis) => (size === 1 ? right[axis]! : size));
}

/** How many elements apart neighbours along each axis are, in row-major order: [2, 3, 4] → [12, 4, 1]. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Where the element with an index is in memory. */
export function placeOf(index: readonly number[], shape: readonly number[]): number {
  return stridesOf(shape).reduce((sum, stride, axis) => sum + stride * index[axis]!, 0);
}

/**
 * Shapes that broadcast to a shape, with neighbouring axes merged where none of them tells the two apart, and without
 * ones in front. None of the sizes is 0.
 */
export function mergedShapes(shapes: readonly (readonly number[])[], to: readonly number[]): readonly number[][] {
  const whole = shapes.map((shape) => withRank(shape, to.length));
  const merged: number[][] = whole.map(() => []);
  let previous: string | undefined;
  to.forEach((size, axis) => {
    if (size === 1) return;
    const pattern = whole.map((shape) => shape[axis] === 1).join();
    merged.forEach((sizes, index) => {
      const own = whole[index]![axis]!;
      if (pattern === previous) sizes.push(own * sizes.pop()!);
      else sizes.push(own);
    });
    previous = pattern;
  });
  return merged.map((sizes) => {
    const first = sizes.findIndex((size) => size !== 1);
    return first < 0 ? [] : sizes.slice(first);
  });
}

/** A permutation of axes, with those merged that stay neighbours, and without those of size 1. */
export function mergedPermutation(
  shape: readonly number[],
  permutation: readonly number[],
): { readonly shape: readonly number[]; readonly permutation: readonly number[] } {
  const wide = shape.flatMap((size, axis) => (size === 1 ? [] : axis));
  const runs: number[][] = [];
  for (const axis of permutation) {
    const place = wide.indexOf(axis);
    if (place < 0) continue;
    const last = runs.at(-1);
    if (last && wide[place - 1] === last.at(-1)) last.push(axis);
    else runs.push([axis]);
  }
  const inOrder = [...runs].sort((a, b) => a[0]! - b[0]!);
  return {
    shape: inOrder.map((run) => elementCount(run.map((axis) => shape[axis]!))),
    permutation: runs.map((run) => inOrder.indexOf(run)),
  };
}

/** The permutation that brings axes to the end, undefined when they are there. */
export function innermost(rank: number, axes: readonly number[]): readonly number[] | undefined {
  const others = [...Array(rank).keys()].filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  return order.every((axis, i) => axis === i) ? undefined : order;
}
