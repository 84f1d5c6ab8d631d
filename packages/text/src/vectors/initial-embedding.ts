import { check, type HostTensor, randomKey, randomNormal } from "@relpos/core";
import type { Vocabulary } from "../tokenizers/vocabulary.js";
import type { WordVectors } from "./word-vectors.js";

/** How much of a vocabulary has vectors. */
export interface VectorCoverage {
  /** Tokens that have a vector, of those that are not special. */
  readonly found: number;
  readonly tokens: number;
  /** Tokens without one, in the order of the vocabulary. */
  readonly missing: readonly string[];
  /** Tokens that have one in lower case only. */
  readonly lowercased: number;
}

/** An embedding to begin training with. */
export interface InitialEmbedding {
  /** float32 [V, D] */
  readonly table: HostTensor;
  /** 1 for rows that may change in training, 0 for those that keep their vector. float32 [V, 1] */
  readonly trainable: HostTensor;
  readonly coverage: VectorCoverage;
}

/** How an embedding is made of vectors. */
export interface InitialEmbeddingOptions {
  /** Whether the vectors keep their values in training; rows without one are trained in any case. Default is `false`. */
  readonly frozen?: boolean;
  /** Of the values of rows without a vector. */
  readonly seed?: number;
}

/**
 * An embedding of a vocabulary: vectors where there are some, by the word as it is or else in lower case; normal random
 * numbers with their standard deviation where there are none; zeros for padding. Errors when no token has a vector.
 */
export function initialEmbedding(
  vocabulary: Vocabulary,
  vectors: WordVectors,
  { frozen = false, seed = 0 }: InitialEmbeddingOptions = {},
): InitialEmbedding {
  const { width } = vectors;
  const deviation = standardDeviation(vectors.table.data as Float32Array);
  const table = Float32Array.from(randomNormal(randomKey(seed), vocabulary.size * width), (value) => value * deviation);
  const trainable = new Float32Array(vocabulary.size).fill(1);
  const missing: string[] = [];
  let [found, lowercased] = [0, 0];
  for (const [id, token] of vocabulary.tokens.entries()) {
    const exact = vectors.vectorOf(token);
    const vector = exact ?? vectors.vectorOf(token.toLowerCase());
    if (vector) {
      table.set(vector, id * width);
      if (frozen) trainable[id] = 0;
    }
    if (vocabulary.isSpecial(id)) continue;
    if (vector) found++;
    else missing.push(token);
    if (vector && !exact) lowercased++;
  }
  check(found > 0, "initialEmbedding", () => `at least one of ${vocabulary.size} tokens must have a vector, got none`);
  const { pad } = vocabulary.special;
  if (pad !== undefined) table.fill(0, pad * width, (pad + 1) * width);
  return {
    table: { shape: [vocabulary.size, width], dtype: "float32", data: table },
    trainable: { shape: [vocabulary.size, 1], dtype: "float32", data: trainable },
    coverage: { found, tokens: found + missing.length, missing, lowercased },
  };
}

/** `1,950 of 2,000 words have a vector (97.5 %), 12 of them in lower case; without: foo, bar, …` */
export function describeCoverage({ found, tokens, missing, lowercased }: VectorCoverage): string {
  const share = ((100 * found) / tokens).toFixed(1);
  const lower = lowercased > 0 ? `, ${lowercased} of them in lower case` : "";
  const examples = missing.slice(0, 5).join(", ");
  const rest = missing.length > 0 ? `; without: ${examples}${missing.length > 5 ? ", …" : ""}` : "";
  return `${found} of ${tokens} words have a vector (${share} %)${lower}${rest}`;
}

function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
