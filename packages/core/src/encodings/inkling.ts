import { linear } from "../composites/linear.js";
import { check } from "../errors.js";
import { normal, zeros } from "../nn/parameters.js";
import {
  add,
  cast,
  div,
  less,
  lessOrEqual,
  log,
  logicalAnd,
  maximum,
  mul,
  neg,
  pad,
  reshape,
  transpose,
  where,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { asColumn } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import type { Places } from "./position-range.js";
import { relativeProducts } from "./relative-products.js";

export interface InklingOptions {
  /** R: number of distances 0 … R − 1 with a vector; farther and later keys get 0. */
  readonly extent: number;
  /** d_rel: size of the vectors. Default 16. */
  readonly relativeSize?: number;
  /** Whether the projection has a bias, as in x-transformers. Default `false`. */
  readonly projectionBias?: boolean;
  /** Raises scores of late queries by 1 + α·ln(max((i + 1)/floor, 1)). α is 0.1 unless given. Default: none. */
  readonly logScaling?: { readonly floor: number; readonly alpha?: number } | undefined;
  /** Standard deviation of the initial parameters. Default 0.02. */
  readonly initialDeviation?: number;
}

/** τ_i = 1 + α·ln(max((i + 1)/floor, 1)). */
export function inklingTemperature(position: number, floor: number, alpha = 0.1): number {
  return 1 + alpha * Math.log(Math.max((position + 1) / floor, 1));
}

/**
 * Relative logits: each token's own weights, from the layer's input, for a bank of functions of the distance.
 *
 * s_ij = τ_i·(q_i·k_j·scale + r_i·E[:, i − j]) for 0 ≤ i − j < R, without the last term for other keys; r_i = W_r·x_i
 * [H, d_rel], E = `bank` [d_rel, R] for all heads, W_r = `weight` [H·d_rel, width]. Its distance is query − key.
 * Inkling's own scale is 1/d, with normalized queries and keys; sliding layers have no τ and a window. Agrees with
 * `InklingRelativeLogits` of Hugging Face and `RelativeProjPositionalBias` of x-transformers (with `projectionBias`).
 */
export function inkling(
  options: InklingOptions,
): EncodingWith<"relativeScores" | "parameters", "weight" | "bias" | "bank"> {
  const { extent, relativeSize = 16, projectionBias = false, logScaling, initialDeviation = 0.02 } = options;
  check(Number.isInteger(extent) && extent > 0, "inkling", () => `extent must be whole and positive, got ${extent}`);
  return defineEncoding<
    "weight" | "bias" | "bank",
    EncodingWith<"relativeScores" | "parameters", "weight" | "bias" | "bank">
  >({
    kind: "inkling",
    settings: { extent, relativeSize, projectionBias, logScaling, initialDeviation },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ width, heads }) => {
      const initialize = normal(initialDeviation);
      return {
        weight: { shape: [heads * relativeSize, width], initialize },
        ...(projectionBias && { bias: { shape: [heads * relativeSize], initialize: zeros } }),
        bank: { shape: [relativeSize, extent], initialize, decay: false },
      };
    },
    relativeScores: ({ x, query, parameters: { weight, bias, bank }, queryPositions, keyPositions }) => {
      check(x, "inkling", () => "attention must get the layer's input x, got none");
      const heads = query.shape[1] as number;
      const [batch, queries] = x.shape as readonly [Dim, Dim];
      const projected = reshape(linear(x, weight, bias), [batch, queries, heads, relativeSize]);
      const states = transpose(projected, [0, 2, 1, 3]);
      return relativeLogits(states, bank, { query: queryPositions, key: keyPositions });
    },
    ...(logScaling && {
      temperature: ({ query }) => {
        const ratio = maximum(div(add(cast(asColumn(query), "float32"), 1), logScaling.floor), 1);
        return add(mul(log(ratio), logScaling.alpha ?? 0.1), 1);
      },
    }),
  });
}

/** r_i·E[:, i − j] where 0 ≤ i − j < R, 0 elsewhere: states [B, H, Q, d_rel] and bank [d_rel, R] → [B, H, Q, K]. */
export function relativeLogits(states: Tensor, bank: Tensor, at: Places): Tensor {
  const extent = bank.shape[1] as number;
  const table = pad(transpose(bank, [1, 0]), { 0: [0, 1] });
  const row = (distances: Tensor): Tensor => {
    const inside = logicalAnd(lessOrEqual(distances, 0), less(-extent, distances));
    return where(inside, neg(distances), extent);
  };
  return relativeProducts(states, { table, row }, at);
}
