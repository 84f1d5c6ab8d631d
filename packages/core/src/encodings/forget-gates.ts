import { lastRows } from "../composites/block-levels.js";
import { cumSum, iota, lessOrEqual, neg, reshape, slice, sub, transpose, where } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";

/** F_i − F_j with F the running sum of log gates [B, K, H]: [B, H, Q, K], queries being the last Q of the keys. */
export function gateDifferences(logGates: Tensor, queries: Dim): Tensor {
  const sums = transpose(cumSum(logGates, 1), [0, 2, 1]);
  const [batch, heads, keys] = sums.shape as readonly [Dim, Dim, Dim];
  const own = slice(sums, { 2: [subtractDims(keys, queries), keys] });
  return sub(reshape(own, [batch, heads, queries, 1]), reshape(sums, [batch, heads, 1, keys]));
}

/**
 * As `gateDifferences` for keys up to the query, and R_j − R_i for later ones: log gates [B, K, 2·H], forward ones
 * first, are summed along the way from the query to the key on either side.
 */
export function gateDistances(logGates: Tensor, queries: Dim): Tensor {
  const [, keys, both] = logGates.shape as readonly [Dim, Dim, number];
  const forward = gateDifferences(slice(logGates, { 2: [0, both / 2] }), queries);
  const backward = neg(gateDifferences(slice(logGates, { 2: [both / 2, both] }), queries));
  return where(lessOrEqual(iota([1, keys], 1), lastRows(queries, keys)), forward, backward);
}
