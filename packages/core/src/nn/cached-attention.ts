import { addToScores, groupedScores } from "../composites/attention.js";
import { scaledMatMul } from "../composites/linear.js";
import { softmax } from "../composites/softmax.js";
import { tensorScatter } from "../composites/tensor-scatter.js";
import { check } from "../errors.js";
import {
  add,
  concat,
  expand,
  iota,
  less,
  lessOrEqual,
  logicalAnd,
  reshape,
  slice,
  sub,
} from "../primitives/operations.js";
import { addDims, type Dim, multiplyDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";

/** Memory for the keys and values of sequences that grow: rows are written into it, it is not made anew. */
export interface KeyValueCache {
  /** [B, Hkv, C, D], as attention takes them; C is how many tokens there is room for. */
  readonly key: Tensor;
  readonly value: Tensor;
  /** How many rows each sequence has filled, int32 [B]. Rows behind them hold any finite numbers. */
  readonly length: Tensor;
}

/** Queries, keys and values of new tokens, turned by position. */
export interface NewTokens {
  /** [B, H, S, D]. */
  readonly query: Tensor;
  /** [B, Hkv, S, D]. */
  readonly key: Tensor;
  readonly value: Tensor;
}

export interface CachedAttentionOptions {
  /** Broadcasts to [B, H, S, C + S]: the cache's rows, then the new tokens. */
  readonly bias?: Tensor | undefined;
  /** Which of the same keys may be seen, bool; broadcasts likewise. Rows that are not filled are never seen. */
  readonly mask?: Tensor | undefined;
  readonly causal: boolean;
  readonly window?: number | undefined;
  readonly softcap?: number | undefined;
  readonly scale: number;
}

/**
 * Attention of new tokens to those in a cache and to themselves: output [B, H, S, D], and the cache with their keys and
 * values.
 *
 * Products with the cache and with the new keys are two parts of the scores under one softmax, so that the cache is read
 * where it lies. Heads that share keys are rows of one product.
 */
export function cachedAttention(
  { query, key, value }: NewTokens,
  cache: KeyValueCache,
  { bias, mask, causal, window, softcap, scale }: CachedAttentionOptions,
): { readonly output: Tensor; readonly key: Tensor; readonly value: Tensor } {
  check(causal, "cachedAttention", () => "attention over a cache must be causal");
  const [batch, heads, length, size] = query.shape as readonly [Dim, number, Dim, number];
  const kvHeads = key.shape[1] as number;
  const groups = heads / kvHeads;
  const capacity = cache.key.shape[2] as Dim;
  const grouped = reshape(query, [batch, kvHeads, multiplyDims(groups, length), size]);
  const products = (keys: Tensor): Tensor => {
    const scores = groupedScores(grouped, keys, scale, softcap);
    return reshape(scores, [batch, heads, length, keys.shape[2] as Dim]);
  };
  const scores = concat([products(cache.key), products(key)], 3);
  const visible = visibleRows(cache.length, capacity, length, window);
  const allowed = mask ? logicalAnd(visible, mask) : visible;
  const probabilities = softmax(addToScores(scores, bias, allowed));
  const total = addDims(capacity, length);
  const sums = (from: Dim, to: Dim, values: Tensor): Tensor => {
    const part = slice(probabilities, { 3: [from, to] });
    return scaledMatMul(reshape(part, [batch, kvHeads, multiplyDims(groups, length), values.shape[2] as Dim]), values);
  };
  const summed = add(sums(0, capacity, cache.value), sums(capacity, total, value));
  return {
    output: reshape(summed, [batch, heads, length, value.shape[3] as Dim]),
    key: tensorScatter(cache.key, key, cache.length),
    value: tensorScatter(cache.value, value, cache.length),
  };
}

/** Which of the cache's rows and of the new tokens each new token sees, [B, 1, S, C + S]. */
function visibleRows(filled: Tensor, capacity: Dim, length: Dim, window: number | undefined): Tensor {
  const batch = filled.shape[0] as Dim;
  const start = reshape(filled, [batch, 1, 1, 1]);
  const query = add(start, iota([1, 1, length, 1], 2));
  const cached = iota([1, 1, 1, capacity], 3);
  const own = add(start, iota([1, 1, 1, length], 3));
  const near = (key: Tensor): readonly Tensor[] => (window === undefined ? [] : [less(sub(query, key), window)]);
  const all = (conditions: readonly Tensor[], keys: Dim): Tensor =>
    expand(conditions.reduce(logicalAnd), [batch, 1, length, keys]);
  return concat(
    [all([less(cached, start), ...near(cached)], capacity), all([lessOrEqual(own, query), ...near(own)], length)],
    3,
  );
}

/** Positions of the cache's rows and of new tokens where row n is position n: the tokens' own [B, S], and all [B, C + S]. */
export function cachedPositions(
  { key, length }: KeyValueCache,
  count: Dim,
): { readonly query: Tensor; readonly key: Tensor } {
  const [batch, , capacity] = key.shape as readonly [Dim, Dim, Dim, Dim];
  if (batch === 1) {
    const query = add(length, iota([count]));
    return { query, key: concat([iota([capacity]), query], 0) };
  }
  const query = add(reshape(length, [batch, 1]), iota([1, count], 1));
  return { query, key: concat([expand(iota([1, capacity], 1), [batch, capacity]), query], 1) };
}
