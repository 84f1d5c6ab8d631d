import { check } from "@relpos/core";
import type { Dataset, LabeledRecord, ReadOptions } from "./dataset.js";
import { DataError } from "./errors.js";
import { type Found, recordDataset } from "./records.js";

/** The labels of a classification, sorted by name; the id of a label is its index. */
export interface LabelSet {
  readonly names: readonly string[];
  /** How many training records have each. */
  readonly counts: readonly number[];
  /** Whether a record had several. */
  readonly several: boolean;
  idOf(label: string): number | undefined;
}

/** The labels of a training set. Errors when there is only one class: nothing can be learned then. */
export async function collectLabels(dataset: Dataset<LabeledRecord>): Promise<LabelSet> {
  const counts = new Map<string, number>();
  let several = false;
  for await (const { labels } of dataset) {
    several ||= labels.length > 1;
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  check(counts.size > 1, "collectLabels", () => {
    return `${dataset.name} must have at least two classes, got ${[...counts.keys()].map((name) => JSON.stringify(name)).join()} alone`;
  });
  const names = [...counts.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return labelSet(
    names,
    names.map((name) => counts.get(name) as number),
    several,
  );
}

/** A label set of names, as a saved model has them. */
export function labelSet(names: readonly string[], counts: readonly number[] = [], several = false): LabelSet {
  const ids = new Map(names.map((name, id) => [name, id]));
  return { names, counts, several, idOf: (label) => ids.get(label) };
}

/** A labelled dataset whose records have known labels only; one that the training set lacks is an error. */
export function withKnownLabels(
  dataset: Dataset<LabeledRecord>,
  labels: LabelSet,
  options: ReadOptions = {},
): Dataset<LabeledRecord> {
  const pass = async function* (): AsyncGenerator<Found<LabeledRecord>> {
    for await (const record of dataset) {
      const unseen = record.labels.find((label) => labels.idOf(label) === undefined);
      const rule = `label ${JSON.stringify(unseen)} must occur in training, which has ${labels.names.join(", ")}`;
      yield unseen === undefined ? record : new DataError("withKnownLabels", record, rule);
    }
  };
  return recordDataset("withKnownLabels", dataset.name, pass, options);
}
