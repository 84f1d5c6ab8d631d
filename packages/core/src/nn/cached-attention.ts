import { attention } from "../composites/attention.js";
import { tensorScatter } from "../composites/tensor-scatter.js";
import { check } from "../errors.js";
import { add, concat, expand, iota, reshape } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
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

/** Attention of new tokens to those in a cache and to themselves: output [B, H, S, D], and the cache with their keys and values. */
export function cachedAttention(
  { query, key, value }: NewTokens,
  cache: KeyValueCache,
  { bias, mask, causal, window, softcap, scale }: CachedAttentionOptions,
): { readonly output: Tensor; readonly key: Tensor; readonly value: Tensor } {
  check(causal, "cachedAttention", () => "attention over a cache must be causal");
  return {
    output: attention(query, key, value, { bias, mask, past: cache, causal, window, softcap, scale }).output,
    key: tensorScatter(cache.key, key, cache.length),
    value: tensorScatter(cache.value, value, cache.length),
  };
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
