import type { LabeledRecord } from "@relpos/text";
import type { LeftOut } from "./left-out.js";
import type { ReadRecords } from "./read-records.js";

/** Records without those that have a label which training has not. */
export function withKnownLabels(records: ReadRecords["records"], known: ReadonlySet<string>): ReadRecords {
  const unseen = ({ labels }: LabeledRecord): string | undefined => labels.find((label) => !known.has(label));
  const all = records as readonly LabeledRecord[];
  const wrong = all.filter((record) => unseen(record) !== undefined);
  const problems: LeftOut["problems"] = wrong.slice(0, 1).map((record) => ({
    file: record.file,
    line: record.line,
    rule: `the label "${unseen(record)}" is not one that was trained: ${[...known].sort().join(", ")}`,
  }));
  return { records: all.filter((record) => unseen(record) === undefined), skipped: wrong.length, problems };
}

/** The labels of records. */
export const labelsOf = (records: ReadRecords["records"]): ReadonlySet<string> =>
  new Set((records as readonly LabeledRecord[]).flatMap(({ labels }) => labels));
