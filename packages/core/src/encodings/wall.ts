import { logSigmoid } from "../composites/activations.js";
import { repeatHeads } from "../composites/attention.js";
import { blockLevels, lastRows, siblings } from "../composites/block-levels.js";
import { linear, scaledMatMul } from "../composites/linear.js";
import { filled, normal } from "../nn/parameters.js";
import {
  add,
  cumSum,
  div,
  exp,
  gather,
  iota,
  minimum,
  mul,
  reduceMax,
  reshape,
  slice,
  sub,
  transpose,
  where,
} from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith, requireState } from "./encoding.js";

export interface WallOptions {
  /** Initial bias of the gates. Default 8: next to no decay. */
  readonly initialBias?: number;
  /** Longest sequence where lengths are known only when the graph runs. Default 16384. */
  readonly longest?: number;
}

/**
 * scale·Σ_n q_in·k_jn·e^(P_in − P_jn) for query [B, H, Q, D], key [B, H, K, D] and falling sums P [B, H, K, D] of all
 * keys; queries are the last Q. `products` [B, H, Q, K] are those without decay, which stand on the diagonal; what stands
 * above it means nothing.
 *
 * Pairs are taken by the sibling blocks in which they lie, and decay first from the key to the border of the blocks, then
 * from there to the query: both factors are at most 1, whatever the gates are. That makes log₂K products.
 */
function wallScores(
  query: Tensor,
  key: Tensor,
  sums: Tensor,
  { products, scale, longest }: { readonly products: Tensor; readonly scale: number; readonly longest: number },
): Tensor {
  const [queries, keys] = [query.shape[2] as Dim, key.shape[2] as Dim];
  const own = slice(sums, { 2: [subtractDims(keys, queries), keys] });
  const rows = reshape(lastRows(queries, keys), [queries]);
  const columns = iota([keys]);
  const last = reduceMax(columns);
  return blockLevels(keys, longest).reduce((scores, size) => {
    const start = mul(div(rows, size), size);
    const next = minimum(mul(add(div(columns, size), 1), size), last);
    const decayedQuery = mul(query, exp(sub(own, gather(sums, start, 2))));
    const decayedKey = mul(key, exp(sub(gather(sums, next, 2), sums)));
    const level = scaledMatMul(decayedQuery, decayedKey, { transposeRight: true, scale });
    return where(siblings(queries, keys, size), level, scores);
  }, products);
}

/**
 * Wall attention: each channel of a key decays on its own until it meets the query, by gates computed from the input.
 *
 * s_ij = scale·Σ_n q_in·k_jn·e^(P_in − P_jn), P the running sum of ln σ(W·x + b) for each channel of each query head.
 * Tilde Research (2026); written from the formula of flash-linear-attention's `WallAttention`, without its scalar gate.
 * One gate for all channels is forgetting attention's decay as a factor, a constant one is xPos'. State: ln σ of each
 * token [B, S, H·D].
 */
export function wall(options: WallOptions = {}): EncodingWith<"state" | "scores" | "parameters", "weight" | "bias"> {
  const { initialBias = 8, longest = 16_384 } = options;
  return defineEncoding({
    kind: "wall",
    settings: { initialBias, longest },
    cache: "state",
    maximumPositions: longest,
    scope: "layer",
    parameters: ({ width, heads, headSize }) => ({
      weight: { shape: [heads * headSize, width], initialize: normal(0.02) },
      bias: { shape: [heads * headSize], initialize: filled(initialBias), decay: false },
    }),
    state: ({ parameters, x }) => logSigmoid(linear(x, parameters.weight, parameters.bias)),
    scores: ({ query, key, state, products, scale }) => {
      const [batch, heads, , size] = query.shape as readonly [Dim, number, Dim, number];
      const [kvHeads, keys] = [key.shape[1] as number, key.shape[2] as Dim];
      const sums = reshape(cumSum(requireState("wall", state), 1), [batch, keys, heads, size]);
      const repeated = repeatHeads(key, heads / kvHeads);
      return wallScores(query, repeated, transpose(sums, [0, 2, 1, 3]), { products: products(), scale, longest });
    },
  });
}
