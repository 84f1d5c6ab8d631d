import { check } from "../errors.js";
import { constant, less, logicalAnd, logicalNot, logicalOr, minimum, neg, where } from "../primitives/operations.js";
import { lowestFinite } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { asRow, overHeads, relativePositions } from "./distance.js";
import { defineEncoding, type EncodingWith, type ScoresContext } from "./encoding.js";
import { type RemappedRotaryOptions, rotarySettings, turning } from "./remapped-rotary.js";

export interface SinksOptions extends RemappedRotaryOptions {
  /** How many first positions are seen from everywhere. Default 4. */
  readonly sinks?: number;
  /** w: how many of the latest positions a query sees, its own included. */
  readonly window: number;
}

function resolve(name: string, { sinks = 4, window }: SinksOptions) {
  check(Number.isInteger(sinks) && sinks >= 0, name, () => `sinks must be whole and not negative, got ${sinks}`);
  check(Number.isInteger(window) && window > 0, name, () => `window must be whole and positive, got ${window}`);
  return { sinks, window };
}

/**
 * The distance that a query i sees at a key j ≤ i in StreamingLLM: that of their places in the cache, which holds the
 * sinks and the last w tokens. Undefined for keys that it no longer holds.
 */
export function streamingDistance(query: number, key: number, options: SinksOptions): number | undefined {
  const { sinks, window } = resolve("streamingLlm", options);
  if (query - key < window) return query - key;
  return key < sinks ? Math.min(query, sinks + window - 1) - key : undefined;
}

/** The distance that a query i sees at a key j ≤ i in LM-Infinite: at most w; undefined for keys that it does not see. */
export function lmInfiniteDistance(query: number, key: number, options: SinksOptions): number | undefined {
  const { sinks, window } = resolve("lmInfinite", options);
  if (query - key < window) return query - key;
  return key < sinks ? window : undefined;
}

/**
 * Streaming with attention sinks: rotary positions by places in a cache of the first tokens and the last w.
 *
 * s_ij = q_i·R(−(i − j))k_j where i − j < w; q_i·R(−(min(i, n + w − 1) − j))k_j for the n sinks; other keys are hidden.
 * Distances are query − key. Xiao et al., arXiv:2309.17453. Follows streaming-llm's position shift with a cache of n + w,
 * the query's own key included; its perplexity script evicts after the step, which makes that n + w + 1.
 */
export function streamingLlm(options: SinksOptions): EncodingWith<"transform" | "scores"> {
  const { sinks, window } = resolve("streamingLlm", options);
  return defineEncoding({
    kind: "streaming-llm",
    settings: { ...rotarySettings(options), sinks, window },
    cache: "rotated-keys",
    transform: ({ query, key, keyPositions }) => {
      return { query, key: turning(key.shape[3] as number, options).at(key, keyPositions) };
    },
    scores: (context) => {
      const { query, key, queryPositions, products } = context;
      const turn = turning(query.shape[3] as number, options);
      const near = products(turn.at(query, queryPositions), key);
      const far = products(turn.at(query, minimum(queryPositions, sinks + window - 1)), key);
      return lambdaShaped(near, far, context, { sinks, window });
    },
  });
}

/**
 * LM-Infinite: a Λ-shaped mask of the first tokens and the last w, and rotary distances of at most w.
 *
 * s_ij = q_i·R(−min(i − j, w))k_j where i − j < w or j < n; other keys are hidden. Distances are query − key. Han et al.,
 * arXiv:2308.16137. Follows the authors' `lambda_attention`, where n is `global_branch` and w `local_branch` and
 * `limit_distance` both.
 */
export function lmInfinite(options: SinksOptions): EncodingWith<"scores"> {
  const { sinks, window } = resolve("lmInfinite", options);
  return defineEncoding({
    kind: "lm-infinite",
    settings: { ...rotarySettings(options), sinks, window },
    cache: "raw-keys",
    scores: (context) => {
      const { query, key, queryPositions, keyPositions, products } = context;
      const turn = turning(query.shape[3] as number, options);
      const near = products(turn.at(query, queryPositions), turn.at(key, keyPositions));
      const far = products(turn.by(query, window), turn.by(key, 0));
      return lambdaShaped(near, far, context, { sinks, window });
    },
  });
}

/** Near scores within the window, far ones at sinks, and the lowest number for keys that the mask would otherwise show. */
function lambdaShaped(
  near: Tensor,
  far: Tensor,
  { queryPositions, keyPositions, allowed }: ScoresContext<never>,
  { sinks, window }: { readonly sinks: number; readonly window: number },
): Tensor {
  const isNear = less(neg(overHeads(relativePositions(queryPositions, keyPositions))), window);
  const isSink = less(asRow(keyPositions), sinks);
  const hidden = logicalNot(logicalOr(isNear, isSink));
  const hiddenHere = allowed ? logicalAnd(hidden, allowed) : hidden;
  const lowest = constant(lowestFinite[near.dtype as keyof typeof lowestFinite], near.dtype);
  return where(hiddenHere, lowest, where(isNear, near, far));
}
