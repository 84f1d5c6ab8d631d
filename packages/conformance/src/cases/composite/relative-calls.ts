import { alongDiagonals, type Dim, dimension, relativeShift, type Tensor } from "@relpos/core";
import { type Shape, values } from "../primitive/values.js";
import { printShapes } from "../print-shapes.js";
import { type CompositeCall, halfToo, single } from "./composite-call.js";
import type { CompositeName } from "./composite-name.js";

function moved(f: (x: Tensor) => Tensor, shape: Shape, attributes: string, dims?: readonly Dim[]): CompositeCall {
  return {
    details: [printShapes([shape]), attributes].filter(Boolean).join(" "),
    dtypes: single,
    quick: false,
    length: 1,
    magnitude: 1,
    inputs: (dtype) => [values(shape, dtype)],
    ...(dims && { shapes: [dims] }),
    f: ([x]) => [f(x as Tensor)],
  };
}

/** Values by distance, [..., Q, Q + K + 1]. */
const shifted = (leading: Shape, queries: number, keys: number): CompositeCall =>
  moved(relativeShift, [...leading, queries, queries + keys + 1], `for ${queries}×${keys}`);
const diagonal = (leading: Shape, queries: number, keys: number): CompositeCall =>
  moved((x) => alongDiagonals(x, queries), [...leading, queries + keys + 1], `for ${queries}×${keys}`);

const [batch, length] = [dimension("batch"), dimension("length")];

/** Calls of composites that turn values by distance into values by key: one query, as many as keys, more, fewer, none. */
export const relativeCalls = {
  relativeShift: [
    { ...shifted([2, 3], 4, 4), dtypes: halfToo, quick: true },
    shifted([2], 1, 6),
    shifted([2], 4, 6),
    shifted([2], 6, 4),
    shifted([], 3, 5),
    shifted([2], 3, 0),
    shifted([0], 3, 3),
    shifted([1, 2], 64, 64),
    shifted([1, 2], 48, 80),
    shifted([2], 61, 67),
    moved(relativeShift, [3, 4, 10], "named batch", [batch, 4, 10]),
  ],
  alongDiagonals: [
    { ...diagonal([3], 4, 4), dtypes: halfToo, quick: true },
    diagonal([3], 1, 6),
    diagonal([3], 4, 6),
    diagonal([3], 6, 4),
    diagonal([], 3, 5),
    diagonal([2, 3], 3, 0),
    diagonal([0], 3, 3),
    diagonal([2], 64, 64),
    diagonal([2], 48, 80),
    diagonal([2], 61, 67),
    moved((x) => alongDiagonals(x, 4), [3, 10], "named batch", [batch, 10]),
    moved((x) => alongDiagonals(x, 4), [3, 10], "named keys", [3, length]),
  ],
} as const satisfies Partial<Record<CompositeName, readonly CompositeCall[]>>;
