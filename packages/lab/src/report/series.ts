import type { CompareResults, LengthResult, LossPoint, RunResult } from "../compare/results.js";
import { median } from "../compare/statistics.js";

/** One point of a curve: the middle over seeds, and the spread. */
export interface CurvePoint {
  readonly encoding: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

type FinishedRun = Extract<RunResult, { status: "finished" }>;

/** The finished runs of one encoding. */
export function finishedRuns(results: CompareResults, encoding: string): readonly FinishedRun[] {
  return results.runs.filter((run): run is FinishedRun => run.status === "finished" && run.encoding === encoding);
}

/** Curve of one measure by length. */
export function curveByLength(results: CompareResults, measureIndex: number): readonly CurvePoint[] {
  return results.encodings.flatMap(({ name, measures }) =>
    (measures[measureIndex]?.lengths ?? []).flatMap((summary) =>
      summary.possible
        ? [{ encoding: name, x: summary.length, y: summary.median, low: summary.minimum, high: summary.maximum }]
        : [],
    ),
  );
}

/** Nats at each position of the longest window that an encoding could do, in at most `bins` equal groups of positions. */
export function curveByPosition(results: CompareResults, bins = 64): readonly CurvePoint[] {
  const group = Math.max(1, Math.ceil(Math.max(...results.settings.testLengths) / bins));
  return results.encodings.flatMap(({ name }) => {
    const longest = finishedRuns(results, name).flatMap((run) => longestPossible(run.lengths));
    const length = longest[0]?.length ?? 0;
    return Array.from({ length: Math.ceil(length / group) }, (_, bin) => {
      const values = longest.flatMap(({ natsByPosition }) =>
        meanOf(natsByPosition.slice(bin * group, (bin + 1) * group)),
      );
      return point(name, Math.min(length, (bin + 0.5) * group), values);
    }).filter(({ y }) => !Number.isNaN(y));
  });
}

/** Training loss by step. */
export function curveOfLosses(results: CompareResults): readonly CurvePoint[] {
  return results.encodings.flatMap(({ name }) => {
    const runs = finishedRuns(results, name);
    return lossCurve(
      name,
      runs.map(({ losses }) => losses),
    );
  });
}

/** Training loss of one encoding by step, over its seeds, in at most `bins` equal groups of points. */
export function lossCurve(
  encoding: string,
  runs: readonly (readonly LossPoint[])[],
  bins = 120,
): readonly CurvePoint[] {
  const points = runs[0]?.length ?? 0;
  const group = Math.max(1, Math.ceil(points / bins));
  return Array.from({ length: Math.ceil(points / group) }, (_, bin) => {
    const parts = runs.map((losses) => losses.slice(bin * group, (bin + 1) * group));
    const step = parts[0]!.at(-1)!.step;
    return point(
      encoding,
      step,
      parts.flatMap((part) => meanOf(part.map(({ loss }) => loss))),
    );
  });
}

type PossibleLength = Extract<LengthResult, { possible: true }>;

function longestPossible(lengths: readonly LengthResult[]): readonly PossibleLength[] {
  const possible = lengths.filter((result): result is PossibleLength => result.possible);
  return possible.length === 0 ? [] : [possible.reduce((best, next) => (next.length > best.length ? next : best))];
}

function point(encoding: string, x: number, values: readonly number[]): CurvePoint {
  return { encoding, x, y: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** The mean of the values that are there; nothing when none is. */
function meanOf(values: readonly (number | null)[]): readonly number[] {
  const present = values.filter((value): value is number => value !== null);
  return present.length === 0 ? [] : [present.reduce((sum, value) => sum + value, 0) / present.length];
}
