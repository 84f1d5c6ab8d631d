import { type Dim, dimension, type Tensor, tensor, tensorScatter } from "@relpos/core";
import { values } from "../primitive/values.js";
import { printShapes } from "../print-shapes.js";
import { type CompositeCall, halfToo, single } from "./composite-call.js";
import type { CompositeName } from "./composite-name.js";

/** Rows for a cache of room for so many, written at these indices, one for each sequence of the batch. */
function written(capacity: number, rows: number, at: readonly number[], named?: Dim): CompositeCall {
  const [past, update] = [
    [at.length, 2, capacity, 3],
    [at.length, 2, rows, 3],
  ] as const;
  return {
    details: `${printShapes([past, update])} at ${at}${named ? ", named length" : ""}`,
    dtypes: single,
    others: ["int32"],
    quick: false,
    length: 1,
    magnitude: 1,
    inputs: (dtype) => [values(past, dtype), values(update, dtype, 1), tensor([...at], [at.length], "int32")],
    ...(named && { shapes: [past, [at.length, 2, named, 3], [at.length]] }),
    f: ([cache, own, indices]) => [tensorScatter(cache as Tensor, own as Tensor, indices as Tensor)],
  };
}

/** Calls of what keeps keys and values: one row and several, at both ends, and beyond the last. */
export const cacheCalls = {
  tensorScatter: [
    { ...written(5, 1, [2]), dtypes: halfToo, quick: true },
    written(5, 1, [0, 4]),
    written(6, 3, [1, 3]),
    written(6, 6, [0]),
    written(5, 3, [4, 5]),
    written(6, 2, [1, 4], dimension("length")),
  ],
} as const satisfies Partial<Record<CompositeName, readonly CompositeCall[]>>;
