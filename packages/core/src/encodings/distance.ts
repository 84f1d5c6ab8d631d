import { reshape, sub } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";

/** key − query for every pair: [Q] and [K] → [Q, K], or [B, Q] and [B, K] → [B, Q, K]. */
export function relativePositions(query: Tensor, key: Tensor): Tensor {
  const column = reshape(query, [...query.shape, 1]);
  const row = reshape(key, [...key.shape.slice(0, -1), 1, key.shape.at(-1) as Dim]);
  return sub(row, column);
}

/** A value for every token, [S] or [B, S], as a column [1 or B, 1, S, 1]: to broadcast over heads and keys. */
export function asColumn(values: Tensor): Tensor {
  return reshape(values, [rowsOf(values), 1, values.shape.at(-1) as Dim, 1]);
}

/** A value for every token, [S] or [B, S], as a row [1 or B, 1, 1, S]: to broadcast over heads and queries. */
export function asRow(values: Tensor): Tensor {
  return reshape(values, [rowsOf(values), 1, 1, values.shape.at(-1) as Dim]);
}

const rowsOf = (values: Tensor): Dim => (values.rank === 2 ? (values.shape[0] as Dim) : 1);

/**
 * A value for every pair, or a row for every token, [Q, K] or [B, Q, K], as [1 or B, 1, Q, K]: to broadcast over
 * heads.
 */
export function overHeads(pairs: Tensor): Tensor {
  const [queries, keys] = pairs.shape.slice(-2) as [Dim, Dim];
  return reshape(pairs, [pairs.rank === 3 ? (pairs.shape[0] as Dim) : 1, 1, queries, keys]);
}
