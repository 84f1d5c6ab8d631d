import { check } from "@relpos/core";
import type { Dataset, TextRecord } from "../datasets/dataset.js";
import { mapDataset } from "../datasets/records.js";
import { type CleaningOptions, type CleaningStep, type CleaningStepName, cleaningSteps } from "./steps.js";

/** What a step made of a text. */
export interface CleaningTrace {
  readonly step: CleaningStepName;
  readonly before: string;
  readonly after: string;
}

/** Cleans a text by the steps that the options name, in the order of `cleaningSteps`. Errors for an unknown step. */
export function clean(text: string, options: CleaningOptions): string {
  return chosenSteps(options).reduce((cleaned, { apply }) => apply(cleaned), text);
}

/** What each step of a cleaning makes of a text. */
export function showCleaning(text: string, options: CleaningOptions): readonly CleaningTrace[] {
  let before = text;
  return chosenSteps(options).map(({ step, apply }) => {
    const trace = { step, before, after: apply(before) };
    before = trace.after;
    return trace;
  });
}

/** The records of a dataset with their texts cleaned; those of which nothing is left are left out. */
export function cleanDataset<Entry extends TextRecord>(
  dataset: Dataset<Entry>,
  options: CleaningOptions,
): Dataset<Entry> {
  const steps = chosenSteps(options);
  return mapDataset(dataset, dataset.name, (record) => {
    const text = steps.reduce((cleaned, { apply }) => apply(cleaned), record.text);
    return text.trim().length > 0 ? { ...record, text } : undefined;
  });
}

function chosenSteps(options: CleaningOptions): readonly { step: CleaningStepName; apply(text: string): string }[] {
  const names = Object.keys(cleaningSteps) as readonly CleaningStepName[];
  for (const name of Object.keys(options)) {
    check(
      names.includes(name as CleaningStepName),
      "clean",
      () => `a step must be one of ${names.join(", ")}, got ${name}`,
    );
  }
  return names.flatMap((step) => {
    const setting = options[step];
    if (setting === undefined) return [];
    const { apply } = cleaningSteps[step] as CleaningStep<typeof step>;
    return [{ step, apply: (text: string) => apply(text, setting as never) }];
  });
}
