import type { LengthSummary, Measure, MeasuredRows } from "../compare/results.js";
import { percent, shortNumber } from "./numbers.js";

/** The value of a measure as people read it: shares in percent, the rest with three digits. */
export function formatMeasure(measure: Measure, value: number): string {
  return isShare(measure) ? percent(value) : shortNumber(value);
}

/** Whether values of a measure are shares from 0 to 1. */
export function isShare(measure: Measure): boolean {
  return measure.value === "errorRate" || measure.value === "exactMatch";
}

/** The best median of a measure at one length over all encodings, or undefined when there is none. */
export function bestAt(
  encodings: MeasuredRows["encodings"],
  measure: Measure,
  measureIndex: number,
  lengthIndex: number,
): number | undefined {
  const medians = encodings.flatMap((encoding) => {
    const summary = encoding.measures[measureIndex]?.lengths[lengthIndex];
    return summary?.possible ? [summary.median] : [];
  });
  if (medians.length === 0) return undefined;
  return measure.better === "lower" ? Math.min(...medians) : Math.max(...medians);
}

/** Value at the longest length over value at the training length; undefined when either is missing. */
export function growth(lengths: readonly LengthSummary[], trainLength: number): number | undefined {
  const trained = lengths.find(({ length }) => length === trainLength);
  const longest = lengths.reduce<LengthSummary | undefined>(
    (best, next) => (!best || next.length > best.length ? next : best),
    undefined,
  );
  if (!trained?.possible || !longest?.possible || longest.length <= trainLength) return undefined;
  return longest.median / trained.median;
}
