import { check } from "@relpos/core";
import type { WordVectors } from "./word-vectors.js";

/** A word and the cosine of its angle to what was asked for. */
export interface Neighbour {
  readonly word: string;
  readonly similarity: number;
}

/** How many words are wanted. */
export interface NearestOptions {
  /** Default is 10. */
  readonly count?: number;
}

/** The words whose vectors point most nearly where a word's does, or a vector. Errors when there is no such word. */
export function nearest(
  vectors: WordVectors,
  to: string | Float32Array,
  { count = 10 }: NearestOptions = {},
): readonly Neighbour[] {
  return typeof to === "string"
    ? ranked(vectors, unit(known(vectors, "nearest", to)), count, [to])
    : ranked(vectors, unit(to), count, []);
}

/**
 * The words that are to `third` as `second` is to `first`: nearest to second − first + third, of unit vectors, without the
 * three themselves (Mikolov et al. 2013, "Linguistic Regularities in Continuous Space Word Representations").
 */
export function analogy(
  vectors: WordVectors,
  [first, second, third]: readonly [first: string, second: string, third: string],
  { count = 10 }: NearestOptions = {},
): readonly Neighbour[] {
  const [a, b, c] = [first, second, third].map((word) => unit(known(vectors, "analogy", word))) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const goal = b.map((value, index) => value - (a[index] as number) + (c[index] as number));
  return ranked(vectors, unit(goal), count, [first, second, third]);
}

function known(vectors: WordVectors, operation: string, word: string): Float32Array {
  const vector = vectors.vectorOf(word) ?? vectors.vectorOf(word.toLowerCase());
  check(
    vector,
    operation,
    () => `a word must be one of the ${vectors.words.length} that have vectors, got ${JSON.stringify(word)}`,
  );
  return vector;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function ranked(
  { words, width, table }: WordVectors,
  goal: Float32Array,
  count: number,
  without: readonly string[],
): readonly Neighbour[] {
  check(goal.length === width, "nearest", () => `a vector must have ${width} numbers, got ${goal.length}`);
  const left = new Set(without);
  const found = words.map((word, row) => {
    let [dot, square] = [0, 0];
    for (let i = 0; i < width; i++) {
      const value = table.data[row * width + i] as number;
      dot += value * (goal[i] as number);
      square += value * value;
    }
    return { word, similarity: square === 0 ? 0 : dot / Math.sqrt(square) };
  });
  return found
    .filter(({ word }) => !left.has(word))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count);
}
