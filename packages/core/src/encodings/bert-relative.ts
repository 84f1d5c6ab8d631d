import { check } from "../errors.js";
import type { EncodingWith } from "./encoding.js";
import { shaw } from "./shaw.js";

export interface BertRelativeOptions {
  /** M: longest sequence; distances −(M − 1) … M − 1 have a vector each. */
  readonly maximumPositions: number;
  /** "relative_key": queries only; "relative_key_query": queries and keys. Default "relative_key". */
  readonly type?: keyof typeof types;
  /** Standard deviation of the initial table. Default 0.02, as in BERT. */
  readonly initialDeviation?: number;
}

const types = {
  relative_key: { kind: "relative-key", terms: ["query"] },
  relative_key_query: { kind: "relative-key-query", terms: ["query", "key"] },
} as const;

/**
 * BERT's `position_embedding_type`: a trained vector for each distance, without clipping.
 *
 * s_ij = (q_i·k_j + q_i·e_{i−j} [+ k_j·e_{i−j}])/√d. The table's rows rise with query − key, as in Hugging Face's
 * BertSelfAttention (4.57.6), with which it agrees. Huang et al., arXiv:2009.13658, method 4 for `relative_key_query`.
 */
export function bertRelative(options: BertRelativeOptions): EncodingWith<"parameters", "weight" | "value"> {
  const { maximumPositions, type = "relative_key", initialDeviation = 0.02 } = options;
  check(Number.isInteger(maximumPositions) && maximumPositions > 0, "bertRelative", () => {
    return `number of positions must be whole and positive, got ${maximumPositions}`;
  });
  const { kind, terms } = types[type];
  const vectors = shaw({ left: maximumPositions - 1, terms, order: "query − key", initialDeviation });
  return { ...vectors, kind, settings: { maximumPositions, type, initialDeviation }, maximumPositions };
}
