import { check } from "@relpos/core";
import type { Place, Problem, ReadOptions, ReadReport } from "../datasets/dataset.js";
import { DataError } from "../datasets/errors.js";
import { type WordVectors, wordVectors } from "./word-vectors.js";

/** Vectors that were read, and what was wrong with those that were not. */
export interface ReadVectors {
  readonly vectors: WordVectors;
  readonly report: ReadReport;
}

/** How vectors are read. Wrong rows end the reading, or are left out and counted. */
export interface VectorOptions extends ReadOptions {
  /** Only the first so many rows are read: files begin with the most frequent words. Default is all. */
  readonly limit?: number;
}

const problemsKept = 100;

/** Takes words with their vectors, checks them, and reports what was wrong. */
export interface VectorCollector {
  readonly count: number;
  /** Notes a row; wrong ones are an error, or counted. */
  add(place: Place, word: string, vector: ArrayLike<number>): void;
  /** Notes a row that could not be read: an error, or counted. */
  reject(place: Place, rule: string): void;
  finish(): ReadVectors;
}

export function vectorCollector(
  operation: string,
  name: string,
  { onError = "throw" }: VectorOptions,
): VectorCollector {
  const words = new Map<string, number>();
  const problems: Problem[] = [];
  let table = new Float32Array(0);
  let width = 0;
  let skipped = 0;
  const reject = (place: Place, rule: string): void => {
    const error = new DataError(operation, place, rule);
    if (onError === "throw") throw error;
    skipped++;
    if (problems.length < problemsKept) problems.push(error.problem);
  };
  return {
    get count() {
      return words.size;
    },
    reject,
    add(place, word, vector) {
      if (words.size === 0) width = vector.length;
      const wrong = Array.prototype.findIndex.call(vector, (value: number) => !Number.isFinite(value));
      if (vector.length !== width)
        return reject(place, `a vector must have ${width} numbers as the first has, got ${vector.length}`);
      if (wrong >= 0)
        return reject(place, `a vector must have finite numbers, got ${vector[wrong]} as number ${wrong + 1}`);
      if (word.length === 0) return reject(place, "a vector must have a word, got none");
      if (words.has(word)) return reject(place, `a word must not occur twice, got ${JSON.stringify(word)}`);
      const start = words.size * width;
      if (start + width > table.length) {
        const larger = new Float32Array(Math.max(1024 * width, 2 * table.length));
        larger.set(table);
        table = larger;
      }
      table.set(vector, start);
      words.set(word, words.size);
    },
    finish() {
      check(words.size > 0, operation, () => {
        return `${name} must hold at least one vector, got ${skipped === 0 ? "an empty file" : `${skipped} that are wrong`}`;
      });
      return {
        vectors: wordVectors([...words.keys()], table.slice(0, words.size * width)),
        report: { records: words.size, skipped, problems },
      };
    },
  };
}
