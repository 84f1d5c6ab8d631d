import type { ByteSource, Problem, ReadReport } from "./dataset.js";
import { lineDecoder } from "./decode-line.js";
import { DataError } from "./errors.js";
import type { LineOptions } from "./text.js";

/** A text, and what was left out of it. */
export interface WholeText extends Pick<ReadReport, "skipped" | "problems"> {
  readonly text: string;
}

const lineFeed = 10;
const byteOrderMark = /^\ufeff/;

/** Reads a text as one. A line that is no text in the encoding is an error with its number, or is left out and counted. */
export async function readWholeText(source: ByteSource, options: LineOptions = {}): Promise<WholeText> {
  const { encoding, onError = "throw", signal } = options;
  const bytes = await wholeBytes(source, signal);
  const decode = lineDecoder(encoding);
  const whole = decode(bytes);
  if ("text" in whole) return { text: whole.text.replace(byteOrderMark, ""), skipped: 0, problems: [] };
  const lines: string[] = [];
  const problems: Problem[] = [];
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(lineFeed, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    const decoded = decode(bytes.subarray(start, end));
    line++;
    start = end;
    if ("text" in decoded) {
      lines.push(decoded.text);
      continue;
    }
    const error = new DataError("readWholeText", { file: source.name, line }, decoded.rule);
    if (onError === "throw") throw error;
    problems.push(error.problem);
  }
  return {
    text: lines.join("").replace(byteOrderMark, ""),
    skipped: problems.length,
    problems: problems.slice(0, 100),
  };
}

async function wholeBytes(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of source.open(signal)) pieces.push(chunk.slice());
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
