import { check } from "../errors.js";
import { expand, pad, reduceSum, reshape, slice } from "../primitives/operations.js";
import { addDims, type Dim, multiplyDims, printShape, subtractDims } from "../tensor/dimension.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applySingle, defineComposite } from "./composite.js";

const relativeShiftComposite = defineComposite<Record<never, never>>({
  name: "relativeShift",
  infer: (inputs) => {
    const { shape, dtype } = inputs[0] as TensorType;
    check(shape.length >= 2, "relativeShift", () => `needs rows [..., Q, Q + K + 1], got ${printShape(shape)}`);
    const [queries, columns] = shape.slice(-2) as [Dim, Dim];
    return [{ shape: [...shape.slice(0, -1), keysOf(queries, columns, shape)], dtype }];
  },
  decompose: ([x]) => {
    const { shape } = x as Tensor;
    const [queries, columns] = shape.slice(-2) as [Dim, Dim];
    const leading = shape.slice(0, -2);
    const elements = multiplyDims(queries, columns);
    const moved = slice(reshape(x as Tensor, [...leading, elements]), { [-1]: [queries, elements] });
    const rows = reshape(moved, [...leading, queries, subtractDims(columns, 1)]);
    return [slice(rows, { [-1]: [0, keysOf(queries, columns, shape)] })];
  },
  vjp: ({ gradients: [g] }) => [relativeUnshift(g as Tensor)],
});

/**
 * From values by distance to values by key: out[i, j] = x[i, j − i + Q], [..., Q, Q + K + 1] → [..., Q, K].
 *
 * Rows of length N = Q + K + 1 are read from element Q on as rows of length N − 1, so that each row starts one element
 * earlier than the one above it. The skew of the Music Transformer (arXiv:1809.04281) and `rel_shift` of Transformer-XL
 * (arXiv:1901.02860), for distances of both signs. The first and the last column are never read: with them all rows
 * begin at multiples of what Q and K have in common, so that whole blocks can be moved.
 */
export function relativeShift(x: Tensor): Tensor {
  return applySingle(relativeShiftComposite, [x], {});
}

/** The transposed map, by key to by distance: out[i, n] = x[i, n + i − Q] or 0, [..., Q, K] → [..., Q, Q + K + 1]. */
export function relativeUnshift(x: Tensor): Tensor {
  const [queries, keys] = x.shape.slice(-2) as [Dim, Dim];
  const leading = x.shape.slice(0, -2);
  const shorter = addDims(queries, keys);
  const rows = pad(x, { [-1]: [0, queries] });
  const flat = pad(reshape(rows, [...leading, multiplyDims(queries, shorter)]), { [-1]: [queries, 0] });
  return reshape(flat, [...leading, queries, addDims(shorter, 1)]);
}

const alongDiagonalsComposite = defineComposite<{ readonly queries: number }>({
  name: "alongDiagonals",
  infer: (inputs, { queries }) => {
    const { shape, dtype } = inputs[0] as TensorType;
    return [{ shape: [...shape.slice(0, -1), queries, keysOf(queries, shape.at(-1) as Dim, shape)], dtype }];
  },
  decompose: ([values], { queries }) => [relativeShift(repeatedRows(values as Tensor, queries))],
  vjp: ({ gradients: [g] }) => [reduceSum(relativeUnshift(g as Tensor), -2)],
});

/**
 * A value for each distance as a matrix with equal diagonals: out[i, j] = values[j − i + Q], [..., Q + K + 1] →
 * [..., Q, K].
 */
export function alongDiagonals(values: Tensor, queries: Dim): Tensor {
  if (typeof queries !== "number") return relativeShift(repeatedRows(values, queries));
  return applySingle(alongDiagonalsComposite, [values], { queries });
}

function repeatedRows(values: Tensor, queries: Dim): Tensor {
  const [leading, columns] = [values.shape.slice(0, -1), values.shape.at(-1) as Dim];
  return expand(reshape(values, [...leading, 1, columns]), [...leading, queries, columns]);
}

function keysOf(queries: Dim, columns: Dim, shape: readonly Dim[]): Dim {
  const keys = subtractDims(columns, addDims(queries, 1));
  check(typeof keys !== "number" || keys >= 0, "relativeShift", () => {
    return `rows must hold a value for each of Q + K + 1 distances, got ${printShape(shape)}`;
  });
  return keys;
}
