import { logSigmoid } from "../composites/activations.js";
import { lastRows } from "../composites/block-levels.js";
import {
  add,
  cast,
  cumSum,
  exp,
  iota,
  less,
  logicalAnd,
  mul,
  neg,
  reduceSum,
  where,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface StickBreakingOptions {
  /** Whether a token may attend to itself. Default `false`, as in the paper; the first token then attends to nothing. */
  readonly attendCurrent?: boolean;
}

/**
 * Weights of breaking a stick from the latest key backwards, and what is left of it: A_ij = σ(s_ij)·Π_{j<t≤i} (1 − σ(s_it)).
 *
 * Scores and weights [B, H, Q, K], remainder [B, H, Q, 1]; keys that are not allowed break off nothing.
 */
export function stickBreakingWeights(
  scores: Tensor,
  allowed?: Tensor,
): { readonly weights: Tensor; readonly remainder: Tensor } {
  const kept = logSigmoid(neg(scores));
  const visible = allowed ? where(allowed, kept, 0) : kept;
  const weights = exp(add(add(kept, scores), cumSum(visible, -1, { exclusive: true, reverse: true })));
  const seen = allowed ? mul(weights, cast(allowed, weights.dtype)) : weights;
  return { weights: seen, remainder: exp(reduceSum(visible, -1, { keepDims: true })) };
}

/**
 * Stick-breaking attention: in place of softmax each key takes its share, latest first, of what the later ones left.
 *
 * A_ij = σ(s_ij)·Π_{t=j+1}^{i−1} (1 − σ(s_it)) for j < i, s_ij = q_i·k_j·scale; rows sum to at most 1. Tan et al.,
 * arXiv:2410.17980. Agrees with the authors' `sb_ref.py`, also where a token attends to itself (t and j up to i). What
 * remains of a row is dropped; `stickBreakingWeights` gives it.
 */
export function stickBreaking(options: StickBreakingOptions = {}): EncodingWith<"weights"> {
  const { attendCurrent = false } = options;
  return defineEncoding({
    kind: "stick-breaking",
    settings: { attendCurrent },
    cache: "rotated-keys",
    weights: ({ scores, allowed }) => {
      return stickBreakingWeights(scores, attendCurrent ? allowed : earlier(scores, allowed)).weights;
    },
  });
}

/** Keys before the query's own, among those that are allowed. */
function earlier(scores: Tensor, allowed: Tensor | undefined): Tensor {
  const [queries, keys] = scores.shape.slice(-2) as [Dim, Dim];
  const before = less(iota([1, keys], 1), lastRows(queries, keys));
  return allowed ? logicalAnd(allowed, before) : before;
}
