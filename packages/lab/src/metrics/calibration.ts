import { check } from "@relpos/core";
import { ratio, sumOf } from "./words.js";

/** Predictions whose confidence lies in (from, to]. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability of the predicted class; 0 where the bin is empty. */
  readonly confidence: number;
  /** Share of right predictions; 0 where the bin is empty. */
  readonly accuracy: number;
}

/** How well confidence and accuracy agree. */
export interface Calibration {
  /** Expected calibration error: mean |accuracy − confidence| over predictions, by bins. */
  readonly error: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Expected calibration error in bins of equal width over probabilities [examples][classes], the most probable class being
 * the prediction. Guo et al., arXiv:1706.04599, who have 15 bins.
 */
export function calibration(
  expected: ArrayLike<number>,
  probabilities: readonly ArrayLike<number>[],
  { bins: count = 15 }: { readonly bins?: number } = {},
): Calibration {
  check(expected.length === probabilities.length, "calibration", () => {
    return `every example needs probabilities, got ${expected.length} examples and ${probabilities.length} rows`;
  });
  const predictions = probabilities.map((row, index) => {
    const predicted = indexOfLargest(row);
    return { confidence: row[predicted]!, right: predicted === expected[index] };
  });
  const binOf = (confidence: number): number => Math.min(count - 1, Math.max(0, Math.ceil(confidence * count) - 1));
  const bins = Array.from({ length: count }, (_, bin): CalibrationBin => {
    const own = predictions.filter(({ confidence }) => binOf(confidence) === bin);
    return {
      from: bin / count,
      to: (bin + 1) / count,
      count: own.length,
      confidence: ratio(sumOf(own.map(({ confidence }) => confidence)), own.length),
      accuracy: ratio(own.filter(({ right }) => right).length, own.length),
    };
  });
  const gaps = bins.map((bin) => bin.count * Math.abs(bin.accuracy - bin.confidence));
  return { error: ratio(sumOf(gaps), predictions.length), bins };
}

/** Index of the largest value, the first of several. */
export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
