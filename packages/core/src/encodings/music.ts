import type { EncodingWith } from "./encoding.js";
import { type ShawOptions, shaw } from "./shaw.js";

export interface MusicOptions extends Pick<ShawOptions, "tables" | "scope" | "initialDeviation"> {
  /** L: number of distances 0 … L − 1 with a vector each; farther keys have the last one. */
  readonly distances: number;
}

/**
 * Causal relative attention of the Music Transformer: S^rel = skew(Q·E_rᵀ).
 *
 * s_ij = (q_i·k_j + q_i·E[L − 1 − (i − j)])/√d: the table's last row is distance 0. Keys after the query have that row
 * too; a causal mask hides them. Huang et al., arXiv:1809.04281, with a table for each head ("perHead"); one for all is
 * the default, as in gwinndr/MusicTransformer-Pytorch, with which it agrees.
 */
export function music(options: MusicOptions): EncodingWith<"parameters", "weight" | "value"> {
  const { distances, ...rest } = options;
  const vectors = shaw({ ...rest, left: distances - 1, right: 0, terms: ["query"] });
  return { ...vectors, kind: "music", settings: { ...options } };
}
