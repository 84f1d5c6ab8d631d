import {
  type ClassificationReport,
  type ClassScore,
  classificationReport,
  logLoss,
  type MultiLabelReport,
  multiLabelReport,
} from "@relpos/lab/metrics";
import { type Json, type MetricReader, without } from "./metric-case.js";

interface SingleLabelCase {
  readonly classes: number;
  readonly expected: readonly number[];
  readonly predicted: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
}

interface MultiLabelCase {
  readonly expected: readonly (readonly number[])[];
  readonly predicted: readonly (readonly number[])[];
}

interface ClassificationFile {
  readonly source: string;
  readonly cases: readonly SingleLabelCase[];
  readonly multilabel: MultiLabelCase;
}

/** Single-label cases, and one of several labels. */
export const classificationCases: MetricReader<ClassificationFile> = (file) => [
  ...file.cases.map((stored, index) => ({
    name: `case ${index}, ${stored.classes} classes`,
    expected: without(stored, ["classes", "expected", "predicted", "probabilities"]),
    actual: () => ({
      ...singleLabel(classificationReport(stored.expected, stored.predicted, stored.classes)),
      logLoss: logLoss(stored.expected, stored.probabilities),
    }),
  })),
  {
    name: "several labels",
    expected: without(file.multilabel, ["expected", "predicted"]),
    actual: () => severalLabels(multiLabelReport(file.multilabel.expected, file.multilabel.predicted)),
  },
];

function singleLabel({ accuracy, classes, averages, confusion, matthews }: ClassificationReport) {
  const column = (name: keyof ClassScore): readonly number[] => classes.map((score) => score[name]);
  return {
    accuracy,
    precision: column("precision"),
    recall: column("recall"),
    f1: column("f1"),
    support: column("support"),
    averages: averages as unknown as Json,
    confusion,
    matthews,
  };
}

function severalLabels({ averages, subsetAccuracy }: MultiLabelReport): Json {
  return { averages: averages as unknown as Json, subsetAccuracy };
}
