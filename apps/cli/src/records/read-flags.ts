import type { TextEncodingName } from "@relpos/text";

/** How the lines of a labelled file are read: `label text`, `text<TAB>label`, or by its columns or fields. */
export const labelFormats = ["label-first", "label-last", "table", "json"] as const;
export type LabelFormat = (typeof labelFormats)[number];

/** How records are read. */
export interface ReadFlags {
  readonly textEncoding?: TextEncodingName;
  readonly format?: LabelFormat;
  readonly textColumn?: string;
  readonly labelColumn?: string;
  /** "skip" leaves wrong records out, and counts them. */
  readonly onError?: "throw" | "skip";
  /** Only the first so many records of each file are read. */
  readonly limit?: number;
  /** Whether a text of `lm` stays in its file, however small it is. */
  readonly stream?: true;
}
