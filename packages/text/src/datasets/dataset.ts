/** Where a record was read: the name of its file, and its line, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** One piece of text: a line of a text file, a field of a table. */
export interface TextRecord extends Place {
  readonly text: string;
}

/** A text with its label, or labels. */
export interface LabeledRecord extends TextRecord {
  readonly labels: readonly string[];
}

/** A sentence and its translation. */
export interface ParallelRecord extends Place {
  readonly source: string;
  readonly target: string;
}

/** An answer in a context, and where it begins, in UTF-16 units. */
export interface Answer {
  readonly text: string;
  readonly start: number;
}

/** A question about a context; without answers where the context has none. */
export interface QuestionRecord extends Place {
  readonly id: string;
  readonly title: string;
  readonly context: string;
  readonly question: string;
  readonly answers: readonly Answer[];
}

/** What one side says. The roles are those of chat templates: "system", "user", "assistant". */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** A conversation. */
export interface ChatRecord extends Place {
  readonly messages: readonly ChatMessage[];
}

/** How a dataset treats records that are wrong. */
export interface ReadOptions {
  /** `"throw"` ends the reading at the first wrong record; `"skip"` leaves it out and counts it. Default is `"throw"`. */
  readonly onError?: "throw" | "skip";
  readonly signal?: AbortSignal;
}

/** What was wrong with a record. */
export interface Problem extends Place {
  readonly rule: string;
}

/** What the last pass over a dataset found. */
export interface ReadReport {
  /** Records that were yielded. */
  readonly records: number;
  /** Records that were left out. */
  readonly skipped: number;
  /** The first hundred of what was wrong. */
  readonly problems: readonly Problem[];
}

/**
 * Records in the order of their file, read while they are asked for: memory does not grow with the file.
 *
 * Every `for await` reads from the beginning; one at a time.
 */
export interface Dataset<Entry extends Place = TextRecord> extends AsyncIterable<Entry> {
  readonly name: string;
  /** What the pass that is under way, or the last one, has found so far. */
  report(): ReadReport;
}

/** Bytes under a name that can be read more than once: a file, a download, a text in memory. */
export interface ByteSource {
  readonly name: string;
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}
