import type { ByteSource, Dataset, Place, ReadOptions, TextRecord } from "./dataset.js";
import { lineDecoder, type TextEncodingName } from "./decode-line.js";
import { DataError } from "./errors.js";
import { byteLines } from "./lines.js";
import { type Found, recordDataset } from "./records.js";

/** How lines are read. */
export interface LineOptions extends ReadOptions {
  /** Default is UTF-8. Bytes that are no text in the encoding are an error. */
  readonly encoding?: TextEncodingName;
}

/** Lines of text, blank ones left out. */
export function readText(source: ByteSource, options: LineOptions = {}): Dataset<TextRecord> {
  return lineDataset("readText", source, options, (text, place) => ({ ...place, text }));
}

/** A dataset with one record a line, blank lines left out. `parse` returns a rule that the line breaks, or throws it. */
export function lineDataset<Entry extends Place>(
  operation: string,
  source: ByteSource,
  options: LineOptions,
  parse: (text: string, place: Place) => Entry | DataError,
): Dataset<Entry> {
  const pass = async function* (signal?: AbortSignal): AsyncGenerator<Found<Entry>> {
    for await (const { text, place } of decodedLines(operation, source, options.encoding, signal)) {
      if (text instanceof DataError) yield text;
      else if (text.trim().length > 0) yield parse(text, place);
    }
  };
  return recordDataset(operation, source.name, pass, options);
}

/** Lines as text, or what is wrong with their bytes. */
export async function* decodedLines(
  operation: string,
  source: ByteSource,
  encoding?: TextEncodingName,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly text: string | DataError; readonly place: Place }> {
  const decode = lineDecoder(encoding);
  for await (const { bytes, line } of byteLines(source, signal)) {
    const place = { file: source.name, line };
    const decoded = decode(bytes);
    yield { place, text: "text" in decoded ? decoded.text : new DataError(operation, place, decoded.rule) };
  }
}
