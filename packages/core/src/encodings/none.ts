import { defineEncoding, type PositionEncoding } from "./encoding.js";

/**
 * No encoding: a causal mask alone tells positions apart (NoPE).
 *
 * Haviv et al., arXiv:2203.16634; Kazemnejad et al., arXiv:2305.19466.
 */
export function none(): PositionEncoding<never> {
  return defineEncoding({ kind: "none", settings: {}, cache: "rotated-keys" });
}
