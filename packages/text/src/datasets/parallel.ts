import type { ByteSource, Dataset, ParallelRecord } from "./dataset.js";
import { DataError } from "./errors.js";
import { type Found, recordDataset } from "./records.js";
import { decodedLines, type LineOptions } from "./text.js";

/**
 * Two files whose lines are translations of each other.
 *
 * A line that is blank on one side only, and files of different lengths, are errors; lines blank on both sides are left out.
 */
export function readParallel(
  source: ByteSource,
  target: ByteSource,
  options: LineOptions = {},
): Dataset<ParallelRecord> {
  const operation = "readParallel";
  const pass = async function* (signal?: AbortSignal): AsyncGenerator<Found<ParallelRecord>> {
    const sides = [source, target].map((side) => decodedLines(operation, side, options.encoding, signal));
    const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]];
    try {
      for (;;) {
        const [a, b] = [await left.next(), await right.next()];
        if (a.done && b.done) return;
        if (a.done || b.done) {
          const [longer, shorter] = a.done ? [target, source] : [source, target];
          const { place } = (a.done ? b : a).value as { place: { file: string; line: number } };
          throw new DataError(operation, place, `${longer.name} must have as many lines as ${shorter.name}, got more`);
        }
        yield* pairOf(a.value, b.value);
      }
    } finally {
      await Promise.all([left.return(undefined), right.return(undefined)]);
    }
  };
  return recordDataset(operation, `${source.name} and ${target.name}`, pass, options);

  function* pairOf(a: Line, b: Line): Generator<Found<ParallelRecord>> {
    const wrong = [a.text, b.text].find((text) => text instanceof DataError);
    if (wrong) {
      yield wrong as DataError;
      return;
    }
    const [from, to] = [(a.text as string).trim(), (b.text as string).trim()];
    if (from && to) yield { ...a.place, source: from, target: to };
    else if (from || to) {
      const { file } = from ? b.place : a.place;
      yield new DataError(
        operation,
        { file, line: a.place.line },
        "a line must not be blank where its translation is not",
      );
    }
  }
}

interface Line {
  readonly text: string | DataError;
  readonly place: { readonly file: string; readonly line: number };
}
