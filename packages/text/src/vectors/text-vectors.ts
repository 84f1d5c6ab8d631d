import type { ByteSource } from "../datasets/dataset.js";
import type { TextEncodingName } from "../datasets/decode-line.js";
import { DataError } from "../datasets/errors.js";
import { decodedLines } from "../datasets/text.js";
import { type ReadVectors, type VectorOptions, vectorCollector } from "./collect-vectors.js";

/** How vectors in text are read. */
export interface TextVectorOptions extends VectorOptions {
  /** Default is UTF-8. Words that are no text in the encoding are an error. */
  readonly encoding?: TextEncodingName;
}

const operation = "readTextVectors";

/**
 * Vectors in text, a word and its numbers in each line: GloVe's, word2vec's and fastText's `.vec`. The last two begin with a
 * line that has the number of words and the width.
 *
 * A word may hold spaces, as some of GloVe's do. A line that was cut off, vectors of another width and words that occur twice
 * are errors with their line.
 */
export async function readTextVectors(source: ByteSource, options: TextVectorOptions = {}): Promise<ReadVectors> {
  const { encoding, signal, limit = Number.POSITIVE_INFINITY } = options;
  const collector = vectorCollector(operation, source.name, options);
  let width: number | undefined;
  let expected: number | undefined;
  for await (const { text, place } of decodedLines(operation, source, encoding, signal)) {
    if (collector.count >= limit) break;
    if (text instanceof DataError) {
      collector.reject(place, text.rule);
      continue;
    }
    const parts = text.trimEnd().split(/[ \t]/);
    if (place.line === 1 && parts.length === 2 && parts.every((part) => /^\d+$/.test(part))) {
      [expected, width] = parts.map(Number) as [number, number];
      continue;
    }
    if (parts.length === 1 && parts[0] === "") continue;
    width ??= parts.length - 1;
    const numbers = trailingNumbers(parts);
    if (numbers < width) {
      collector.reject(place, `a vector must have ${width} numbers, got ${numbers}`);
      continue;
    }
    const word = parts.slice(0, parts.length - width).join(" ");
    if (looksTooLong(parts, width)) collector.reject(place, `a vector must have ${width} numbers, got ${numbers}`);
    else collector.add(place, word, parts.slice(-width).map(Number));
  }
  if (expected !== undefined && collector.count < Math.min(expected, limit)) {
    const rule = `must hold ${expected} vectors as its first line says, got ${collector.count}`;
    collector.reject({ file: source.name, line: 1 }, rule);
  }
  return collector.finish();
}

const isNumber = (part: string): boolean => part !== "" && Number.isFinite(Number(part));

function trailingNumbers(parts: readonly string[]): number {
  let count = 0;
  while (count < parts.length - 1 && isNumber(parts[parts.length - 1 - count] as string)) count++;
  return count;
}

/** Whether a line has a word, and more numbers than it should: the word before them is not one itself. */
function looksTooLong(parts: readonly string[], width: number): boolean {
  const before = parts.slice(1, parts.length - width);
  return before.length > 0 && before.every((part) => isNumber(part) && part.includes("."));
}
