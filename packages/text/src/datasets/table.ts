import { check } from "@relpos/core";
import type { Options } from "csv-parse/browser/esm";
import { parse } from "csv-parse/browser/esm/sync";
import type { ByteSource, Dataset, LabeledRecord, Place } from "./dataset.js";
import type { TextEncodingName } from "./decode-line.js";
import { DataError } from "./errors.js";
import { excerpt } from "./labeled-lines.js";
import { type Found, recordDataset } from "./records.js";
import { decodedLines, type LineOptions } from "./text.js";

/** How a table is written. */
export interface TableOptions extends LineOptions {
  /** Default is a tab for names in `.tsv`, else a comma. */
  readonly separator?: string;
  /** What encloses fields; `false` where quotes are ordinary characters. Default is `"`. */
  readonly quote?: string | false;
  /** Names of the columns, where the first line does not hold them. */
  readonly columns?: readonly string[];
}

/** Which columns hold what. */
export interface LabeledTableOptions extends TableOptions {
  /** Default is `text`. */
  readonly text?: string;
  /** Default is `label`. */
  readonly label?: string;
  /** What divides several labels in their field. Default is one label. */
  readonly labelSeparator?: string;
}

/** A row of a table by its columns. */
export interface RowRecord extends Place {
  readonly row: Readonly<Record<string, string>>;
}

/** Rows of CSV or TSV (RFC 4180). A row begins at its line; its fields may hold line breaks in quotes. */
export function readTable(source: ByteSource, options: TableOptions = {}): Dataset<RowRecord> {
  return recordDataset("readTable", source.name, (signal) => rows("readTable", source, options, [], signal), options);
}

/** Texts with labels from two columns of CSV or TSV. Errors when the table has no such column. */
export function readLabeledTable(source: ByteSource, options: LabeledTableOptions = {}): Dataset<LabeledRecord> {
  const operation = "readLabeledTable";
  const { text = "text", label = "label", labelSeparator } = options;
  const pass = async function* (signal?: AbortSignal): AsyncGenerator<Found<LabeledRecord>> {
    for await (const found of rows(operation, source, options, [text, label], signal)) {
      if (found instanceof DataError) {
        yield found;
        continue;
      }
      const { row, ...place } = found;
      const field = row[label] as string;
      const labels = (labelSeparator ? field.split(labelSeparator) : [field])
        .map((name) => name.trim())
        .filter(Boolean);
      yield labels.length === 0
        ? new DataError(operation, place, `column "${label}" must hold a label, got ${JSON.stringify(field)}`)
        : { ...place, text: row[text] as string, labels };
    }
  };
  return recordDataset(operation, source.name, pass, options);
}

/** The fields of one row as written, and its first line. */
interface RawRow extends Place {
  readonly text: string;
}

/** Rows that are parsed at once. */
const batch = 200;

async function* rows(
  operation: string,
  source: ByteSource,
  options: TableOptions,
  needed: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<Found<RowRecord>> {
  const { separator = source.name.includes(".tsv") ? "\t" : ",", quote = '"' } = options;
  const format: Options = { delimiter: separator, quote, relax_column_count: true, skip_empty_lines: true };
  let columns = options.columns;
  if (columns) checkColumns(operation, source.name, columns, needed);

  const read = function* (waiting: readonly RawRow[]): Generator<Found<RowRecord>> {
    for (const { fields, place } of parseRows(operation, waiting, format)) {
      if (fields instanceof DataError) yield fields;
      else if (columns === undefined) {
        columns = fields.map((name) => name.trim());
        checkColumns(operation, source.name, columns, needed);
      } else yield rowOf(operation, fields, columns, place);
    }
  };

  let waiting: RawRow[] = [];
  for await (const raw of rawRows(operation, source, quote, options.encoding, signal)) {
    if (raw instanceof DataError) {
      yield* read(waiting);
      waiting = [];
      yield raw;
    } else if (waiting.push(raw) >= batch) {
      yield* read(waiting);
      waiting = [];
    }
  }
  yield* read(waiting);
}

function rowOf(
  operation: string,
  fields: readonly string[],
  columns: readonly string[],
  place: Place,
): Found<RowRecord> {
  if (fields.length === columns.length) {
    return { ...place, row: Object.fromEntries(columns.map((column, index) => [column, fields[index] as string])) };
  }
  return new DataError(operation, place, `a row must have ${columns.length} fields, got ${fields.length}`);
}

function checkColumns(operation: string, file: string, columns: readonly string[], needed: readonly string[]): void {
  for (const column of needed) {
    check(
      columns.includes(column),
      operation,
      () => `${file} must have a column "${column}", got ${columns.join(", ")}`,
    );
  }
}

/** Lines that a row may go on for: with more, its quote was never closed. */
const longestRow = 1000;

/** Lines put together to rows: a row goes on while a quote is open. */
async function* rawRows(
  operation: string,
  source: ByteSource,
  quote: string | false,
  encoding?: TextEncodingName,
  signal?: AbortSignal,
): AsyncGenerator<RawRow | DataError> {
  const quotesIn = (text: string): number => (quote ? text.split(quote).length - 1 : 0);
  const unclosed = (row: RawRow) => new DataError(operation, row, `a quote must be closed, got ${excerpt(row.text)}`);
  let open: RawRow | undefined;
  let lines = 0;
  for await (const { text, place } of decodedLines(operation, source, encoding, signal)) {
    if (text instanceof DataError) {
      yield text;
      continue;
    }
    const row: RawRow = open ? { ...open, text: `${open.text}\n${text}` } : { ...place, text };
    lines = open ? lines + 1 : 1;
    const closed: boolean = (quotesIn(text) % 2 === 0) === (open === undefined);
    open = closed ? undefined : row;
    if (closed && row.text.trim().length > 0) yield row;
    if (lines > longestRow) {
      yield unclosed(row);
      open = undefined;
    }
  }
  if (open) yield unclosed(open);
}

/** The fields of rows: of all at once where none is wrong, else of one after the other. */
function parseRows(
  operation: string,
  raw: readonly RawRow[],
  format: Options,
): readonly { readonly fields: readonly string[] | DataError; readonly place: Place }[] {
  const place = ({ file, line }: RawRow): Place => ({ file, line });
  try {
    const parsed = parse(raw.map(({ text }) => text).join("\n"), format) as unknown as readonly string[][];
    if (parsed.length === raw.length) return raw.map((row, index) => ({ fields: parsed[index]!, place: place(row) }));
  } catch (error) {
    if (raw.length === 1) {
      const why = error instanceof Error ? error.message.replace(/ (at|on) line \d+.*$/, "") : String(error);
      return raw.map((row) => ({ fields: new DataError(operation, row, why), place: place(row) }));
    }
  }
  if (raw.length === 1) {
    const rule = "a row must be one record, got several or none";
    return raw.map((row) => ({ fields: new DataError(operation, row, rule), place: place(row) }));
  }
  return raw.flatMap((row) => parseRows(operation, [row], format));
}
