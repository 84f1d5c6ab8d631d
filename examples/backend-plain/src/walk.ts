/** How many elements apart neighbours along each axis are, in row-major order: [2, 3, 4] → [12, 4, 1]. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Strides that read a tensor as if it had the shape that it broadcasts to: 0 along the axes that are repeated. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): readonly number[] {
  const strides = stridesOf(shape);
  return to.map((_, axis) => {
    const own = axis - to.length + shape.length;
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!;
  });
}

/** Sizes of a shape seen as [outer, size, inner], with `size` that of one axis. */
export function around(shape: readonly number[], axis: number) {
  const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);
  return { outer: product(shape.slice(0, axis)), size: shape[axis]!, inner: product(shape.slice(axis + 1)) };
}

/** Where row-major order over `shape` leads in memory: start + Σ indexₐ · strideₐ, for every index. */
export function placesOf(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  let places = Int32Array.of(start);
  for (const [axis, size] of shape.entries()) {
    const longer = new Int32Array(places.length * size);
    for (let i = 0; i < places.length; i++) {
      for (let j = 0; j < size; j++) longer[i * size + j] = places[i]! + j * strides[axis]!;
    }
    places = longer;
  }
  return places;
}

/** Several tensors walked together, row by row: kernels are loops over a row, called once for each. */
export interface Walk {
  /** Elements in a row. */
  readonly length: number;
  /** For each tensor, where its rows start. */
  readonly starts: readonly Int32Array[];
  /** For each tensor, how far apart the elements of a row are. */
  readonly steps: readonly number[];
}

/** A walk over `shape` in row-major order. Axes that lie one after the other in every tensor become one, so rows are long. */
export function walk(shape: readonly number[], ...tensors: readonly (readonly number[])[]): Walk {
  const axes: { size: number; strides: readonly number[] }[] = [];
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const strides = tensors.map((tensor) => tensor[axis]!);
    const outer = axes.at(-1);
    if (outer?.strides.every((stride, tensor) => stride === size * strides[tensor]!)) {
      axes[axes.length - 1] = { size: outer.size * size, strides };
    } else {
      axes.push({ size, strides });
    }
  }
  const row = axes.pop() ?? { size: 1, strides: tensors.map(() => 0) };
  const sizes = axes.map(({ size }) => size);
  const starts = tensors.map((_, tensor) =>
    placesOf(
      sizes,
      axes.map(({ strides }) => strides[tensor]!),
    ),
  );
  return { length: row.size, starts, steps: row.strides };
}
