import { check } from "@relpos/core";
import { harmonicMean, ratio, sumOf } from "./words.js";

/** Precision, recall and their harmonic mean; each is 0 where it would be 0 / 0. */
export interface PrecisionRecall {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** One class: its scores, and how many examples have it. */
export interface ClassScore extends PrecisionRecall {
  readonly support: number;
}

/** How averages over classes are made: each class alike, each decision alike, or each class by its support. */
export type Average = "macro" | "micro" | "weighted";

/** What a single-label classifier is measured by. */
export interface ClassificationReport {
  readonly accuracy: number;
  /** By class. */
  readonly classes: readonly ClassScore[];
  readonly averages: Readonly<Record<Average, PrecisionRecall>>;
  /** [expected][predicted]: how many examples. */
  readonly confusion: readonly (readonly number[])[];
  /** Matthews' correlation coefficient, in its form for several classes; 0 where it is not defined. */
  readonly matthews: number;
}

/** What a multi-label classifier is measured by. */
export interface MultiLabelReport {
  /** By label. */
  readonly classes: readonly ClassScore[];
  /** `samples` is the mean over examples. */
  readonly averages: Readonly<Record<Average | "samples", PrecisionRecall>>;
  /** Share of examples whose labels are all right. */
  readonly subsetAccuracy: number;
}

/** How many examples of each class were taken for each: [expected][predicted]. */
export function confusionMatrix(
  expected: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): readonly (readonly number[])[] {
  check(expected.length === predicted.length, "confusionMatrix", () => {
    return `every example needs a prediction, got ${expected.length} examples and ${predicted.length} predictions`;
  });
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < expected.length; i++) {
    const row = matrix[expected[i]!];
    check(row && predicted[i]! in row, "confusionMatrix", () => {
      return `a class must be below ${classes}, got ${expected[i]} and ${predicted[i]}`;
    });
    row[predicted[i]!]! += 1;
  }
  return matrix;
}

/**
 * Measures predictions of one class each, numbers from 0 to `classes` − 1. Agrees with scikit-learn with `labels` of all
 * classes and `zero_division=0`: a class that nobody has or predicts counts 0 in the macro average.
 */
export function classificationReport(
  expected: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ClassificationReport {
  const confusion = confusionMatrix(expected, predicted, classes);
  const counts = confusion.map((row, index) => ({
    right: row[index]!,
    expected: sumOf(row),
    predicted: sumOf(confusion.map((other) => other[index]!)),
  }));
  const byClass = counts.map(classScore);
  const right = sumOf(counts.map((count) => count.right));
  return {
    accuracy: ratio(right, expected.length),
    classes: byClass,
    averages: averagesOf(byClass, counts),
    confusion,
    matthews: matthewsOf(counts, right, expected.length),
  };
}

/** Measures predictions of any number of labels each: [examples][labels], 1 where an example has the label. */
export function multiLabelReport(
  expected: readonly ArrayLike<number>[],
  predicted: readonly ArrayLike<number>[],
): MultiLabelReport {
  check(expected.length === predicted.length && expected.length > 0, "multiLabelReport", () => {
    return `every example needs a prediction, got ${expected.length} examples and ${predicted.length} predictions`;
  });
  const labels = Array.from({ length: expected[0]!.length }, (_, label) => label);
  const countOf = (pairs: readonly (readonly [a: number, b: number])[]): Counts => ({
    right: pairs.filter(([a, b]) => a && b).length,
    expected: pairs.filter(([a]) => a).length,
    predicted: pairs.filter(([, b]) => b).length,
  });
  const pair = (row: number, label: number) => [expected[row]![label]!, predicted[row]![label]!] as const;
  const counts = labels.map((label) => countOf(expected.map((_, row) => pair(row, label))));
  const samples = expected.map((_, row) => classScore(countOf(labels.map((label) => pair(row, label)))));
  const byClass = counts.map(classScore);
  return {
    classes: byClass,
    averages: { ...averagesOf(byClass, counts), samples: meanOf(samples, () => 1) },
    subsetAccuracy:
      expected.filter((_, row) => labels.every((label) => sameLabel(pair(row, label)))).length / expected.length,
  };
}

/** Mean −log of the probability of the expected class: probabilities [examples][classes]. */
export function logLoss(expected: ArrayLike<number>, probabilities: readonly ArrayLike<number>[]): number {
  check(expected.length === probabilities.length && expected.length > 0, "logLoss", () => {
    return `every example needs probabilities, got ${expected.length} examples and ${probabilities.length} rows`;
  });
  const nats = probabilities.map((row, index) => -Math.log(Math.max(row[expected[index]!]!, Number.EPSILON)));
  return sumOf(nats) / nats.length;
}

interface Counts {
  readonly right: number;
  readonly expected: number;
  readonly predicted: number;
}

const sameLabel = ([a, b]: readonly [number, number]): boolean => Boolean(a) === Boolean(b);

function classScore({ right, expected, predicted }: Counts): ClassScore {
  const [precision, recall] = [ratio(right, predicted), ratio(right, expected)];
  return { precision, recall, f1: harmonicMean(precision, recall), support: expected };
}

function averagesOf(byClass: readonly ClassScore[], counts: readonly Counts[]) {
  const total = (pick: (count: Counts) => number): number => sumOf(counts.map(pick));
  const all = {
    right: total(({ right }) => right),
    expected: total(({ expected }) => expected),
    predicted: total(({ predicted }) => predicted),
  };
  const { precision, recall, f1 } = classScore(all);
  return {
    macro: meanOf(byClass, () => 1),
    micro: { precision, recall, f1 },
    weighted: meanOf(byClass, ({ support }) => support),
  };
}

function meanOf(scores: readonly ClassScore[], weight: (score: ClassScore) => number): PrecisionRecall {
  const total = sumOf(scores.map(weight));
  const mean = (name: keyof PrecisionRecall): number =>
    ratio(sumOf(scores.map((score) => weight(score) * score[name])), total);
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

/** (c·s − Σ pₖtₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²)) with c right of s examples. Gorodkin 2004. */
function matthewsOf(counts: readonly Counts[], right: number, examples: number): number {
  const sum = (f: (count: Counts) => number): number => sumOf(counts.map(f));
  const covariance = right * examples - sum(({ expected, predicted }) => expected * predicted);
  const ofPredicted = examples ** 2 - sum(({ predicted }) => predicted ** 2);
  const ofExpected = examples ** 2 - sum(({ expected }) => expected ** 2);
  return ratio(covariance, Math.sqrt(ofPredicted * ofExpected));
}
