import { gaussian } from "@relpos/conformance/cases";
import { type HostTensor, positions } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { type AttentionCase, scoresOf } from "./attention-case.js";
import { dot, exact } from "./host-numbers.js";

export const heads = 2;
export const length = 5;
export const size = 4;
export const width = 6;
export const scale = 0.5;

/** Queries and keys [1, heads, length, size], the layer's input [1, length, width]. */
export const query = gaussian([1, heads, length, size], "q");
export const key = gaussian([1, heads, length, size], "k");
export const x = gaussian([1, length, width], "x");

/** For sums in the scores of this size. */
export const loose = { length: 1000, magnitude: 100 };

export interface Given extends Partial<Pick<AttentionCase, "query" | "key" | "parameters" | "state">> {
  /** Position of the first token. Default 0. */
  readonly start?: number;
}

/** Scores [1, H, Q, K] of an encoding that a causal query sees; 0 for the others. */
export async function scoresOn(
  backend: Backend,
  encoding: PositionEncoding,
  { start, ...given }: Given = {},
): Promise<HostTensor> {
  const at = start !== undefined && {
    queryPositions: positions(length, start),
    keyPositions: positions(length, start),
  };
  return lower(await scoresOf(backend, { encoding, query, key, x, scale, ...at, ...given }));
}

/** Pairs [..., Q, K] with 0 above the diagonal. */
export function lower(given: HostTensor): HostTensor {
  const values = Float64Array.from(given.data, (value, index) => {
    return index % length > Math.floor(index / length) % length ? 0 : value;
  });
  return exact(values, given.shape);
}

/** A value for every head, query and visible key. */
export function pairs(value: (i: number, j: number, head: number) => number): HostTensor {
  const values = Array.from({ length: heads * length * length }, (_, index) => {
    const [i, j] = [Math.floor(index / length) % length, index % length];
    return j > i ? 0 : value(i, j, Math.floor(index / length ** 2));
  });
  return exact(values, [1, heads, length, length]);
}

export function rowOf(given: HostTensor, head: number, row: number): Float64Array {
  return given.data.slice((head * length + row) * size, (head * length + row + 1) * size) as Float64Array;
}

/** The scaled product of a query and a key. */
export function product(i: number, j: number, head: number): number {
  return scale * dot(rowOf(query, head, i), rowOf(key, head, j));
}
