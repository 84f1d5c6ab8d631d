import { createModelRunner } from "@relpos/checkpoints";
import { crossEntropy, div, mul, reduceSum, softplus, sub, type Tensor, tensor } from "@relpos/core";
import { classLogits, padded, runWith, softmaxOf, tokensWithin } from "@relpos/pipelines";
import type { LabeledRecord } from "@relpos/text";
import { require } from "../compare/errors.js";
import {
  type ClassScore,
  calibration,
  classificationReport,
  indexOfLargest,
  logLoss,
  multiLabelReport,
} from "../metrics/index.js";
import type { LanguageModel } from "./language-model.js";
import type { ClassRow, LanguageTask, TaskContext, TaskExample, TaskScore } from "./language-task.js";
import { commonSettings, exampleTraining, int32 } from "./sequences.js";

type Records = readonly LabeledRecord[];

/** Sentiment, topic: a text and its label, or labels. */
export const classify: LanguageTask<Records> = {
  name: "classify",
  summary: "the label, or labels, of a text",
  headline: "accuracy",
  texts: (records) => records.map(({ text }) => text),
  settings(records, tokenizer, sizes, { multiLabel = false }) {
    const labels = [...new Set(records.flatMap((record) => record.labels))].sort();
    require(labels.length > 1 || multiLabel, () =>
      `training needs at least two classes, got ${labels.length === 0 ? "none" : `only "${labels[0]}"`}`, () =>
      "check which column holds the label");
    const several = records.find((record) => record.labels.length !== 1);
    require(multiLabel || !several, () =>
      `a text has ${several?.labels.length} labels (${several?.file}, line ${several?.line})`, () =>
      "say --multi-label where a text may have several labels, or none");
    return { ...commonSettings("classify", tokenizer, sizes), labels, multiLabel };
  },
  training(context, options) {
    const { model, records } = context;
    const { labels = [], multiLabel = false } = model.settings;
    const tokens = encoded(context);
    const targets = targetsOf(context);
    return exampleTraining(
      {
        model,
        sizes: tokens.map(({ length }) => length),
        types: (batch, length) => ({
          tokens: int32(batch, length),
          labels: multiLabel ? { shape: [batch, labels.length], dtype: "float32" } : int32(batch),
        }),
        rows: (rows, length) => ({
          tokens: padded(
            rows.map((row) => tokens[row]!),
            length,
            model.settings.pad,
          ),
          labels: multiLabel
            ? tensor(
                rows.flatMap((row) => [...targets[row]!]),
                [rows.length, labels.length],
              )
            : tensor(
                rows.map((row) => targets[row]!.indexOf(1)),
                [rows.length],
                "int32",
              ),
        }),
        loss: (weights, batch, drop) => {
          const { logits } = model.apply(weights, batch, drop) as { logits: Tensor };
          const expected = batch.labels as Tensor;
          const own = expected.shape[0] as number;
          if (!multiLabel) return crossEntropy(logits, expected, { labelSmoothing: options.labelSmoothing });
          return div(reduceSum(sub(softplus(logits), mul(logits, expected))), own * labels.length);
        },
      },
      { ...options, batch: Math.min(options.batch, records.length) },
    );
  },
  examiner(backend, context) {
    const { model, records } = context;
    const rows = encoded(context).map((tokens) => ({ tokens }));
    const targets = targetsOf(context);
    const runner = createModelRunner(model.model, backend);
    return {
      async examine(parameters, options = {}) {
        const { pad } = model.settings;
        const logits = await classLogits(runWith(runner, parameters), rows, { ...options, pad });
        return scoreOf(model, records, targets, logits);
      },
      close: runner.close,
    };
  },
};

function encoded({ records, tokenizer, model }: TaskContext<Records>): readonly Int32Array[] {
  return records.map(({ text }) => tokensWithin(tokenizer, text, model.settings.length));
}

/** For each record, 1 where it has the label. Errors for a label that the model does not know. */
function targetsOf({ records, model }: TaskContext<Records>): readonly (readonly number[])[] {
  const labels = model.settings.labels ?? [];
  const known = new Set(labels);
  return records.map((record) => {
    const unknown = record.labels.find((label) => !known.has(label));
    require(unknown === undefined, () =>
      `the label "${unknown}" is not one that was trained: ${labels.join(", ")} (${record.file}, line ${record.line})`, () =>
      "check which column holds the label, and that training has every label");
    const own = new Set(record.labels);
    return labels.map((label) => Number(own.has(label)));
  });
}

const shownExamples = 8;

function scoreOf(
  { settings: { labels = [], multiLabel = false } }: LanguageModel,
  records: Records,
  targets: readonly (readonly number[])[],
  logits: readonly ArrayLike<number>[],
): TaskScore {
  const named = (scores: readonly ClassScore[]): readonly ClassRow[] =>
    scores.map((score, index) => ({ label: labels[index]!, ...score }));
  const examplesOf = (predicted: (row: number) => string): readonly TaskExample[] =>
    records.slice(0, shownExamples).map((record, row) => ({
      input: record.text,
      expected: record.labels.join(", "),
      predicted: predicted(row),
    }));
  if (multiLabel) {
    const predicted = logits.map((row) => Array.from(row, (logit) => Number(logit > 0)));
    const { classes, averages, subsetAccuracy } = multiLabelReport(targets, predicted);
    const names = predicted.map((row) => labels.filter((_, label) => row[label]).join(", "));
    return {
      score: averages.micro.f1,
      measures: {
        microF1: averages.micro.f1,
        macroF1: averages.macro.f1,
        samplesF1: averages.samples.f1,
        subsetAccuracy,
      },
      classes: named(classes),
      examples: examplesOf((row) => names[row]!),
      predictions: names,
    };
  }
  const expected = targets.map((row) => row.indexOf(1));
  const predicted = logits.map(indexOfLargest);
  const probabilities = logits.map(softmaxOf);
  const { accuracy, classes, averages, confusion, matthews } = classificationReport(expected, predicted, labels.length);
  return {
    score: accuracy,
    measures: {
      accuracy,
      macroPrecision: averages.macro.precision,
      macroRecall: averages.macro.recall,
      macroF1: averages.macro.f1,
      weightedF1: averages.weighted.f1,
      matthews,
      logLoss: logLoss(expected, probabilities),
      calibrationError: calibration(expected, probabilities).error,
    },
    classes: named(classes),
    confusion,
    examples: examplesOf((row) => labels[predicted[row]!]!),
    predictions: predicted.map((label) => labels[label]!),
  };
}
