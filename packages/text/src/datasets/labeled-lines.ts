import type { ByteSource, Dataset, LabeledRecord } from "./dataset.js";
import { DataError } from "./errors.js";
import { type LineOptions, lineDataset } from "./text.js";

/** Where the label of a line stands. */
export interface LabeledLineOptions extends LineOptions {
  /** Default is `"first"`: `label text`. */
  readonly label?: "first" | "last";
  /** What divides label and text. Default is a space. */
  readonly separator?: string;
}

/** Lines with a label before or after the text: `4 a gorgeous film`, `title<TAB>6`. */
export function readLabeledLines(source: ByteSource, options: LabeledLineOptions = {}): Dataset<LabeledRecord> {
  const { label: where = "first", separator = " " } = options;
  return lineDataset("readLabeledLines", source, options, (text, place) => {
    const cut = where === "first" ? text.indexOf(separator) : text.lastIndexOf(separator);
    const parts = cut < 0 ? ["", ""] : [text.slice(0, cut).trim(), text.slice(cut + separator.length).trim()];
    const [label, rest] = where === "first" ? parts : [...parts].reverse();
    if (label && rest) return { ...place, text: rest, labels: [label] };
    const rule = `a line must hold a label, ${JSON.stringify(separator)} and a text, got ${JSON.stringify(excerpt(text))}`;
    return new DataError("readLabeledLines", place, rule);
  });
}

/** A text, short enough for a message. */
export function excerpt(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
