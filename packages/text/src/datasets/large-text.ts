import type { ByteSource as RangedSource } from "@relpos/checkpoints/safetensors";
import { check } from "@relpos/core";
import type { Problem, ReadReport } from "./dataset.js";
import { wrongLines } from "./wrong-lines.js";

/** A text in UTF-8 that is read where it is needed: what is in memory does not grow with it. */
export interface LargeText {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Pieces spread evenly over it: for a tokenizer to be trained on, and to tell it from another text. */
  readonly sample: readonly string[];
  /**
   * The text of about so many bytes from a place on, without characters that are there in part only. Lines that are no text
   * are left out.
   */
  read(start: number, bytes: number, signal?: AbortSignal): Promise<string>;
  /** Closes its source. */
  close(): Promise<void>;
}

/** Which part of a file, as shares of its bytes, and what is held of it. */
export interface LargeTextOptions {
  /** Default is 0. */
  readonly from?: number;
  /** Default is 1. */
  readonly to?: number;
  /** How many pieces the sample has. Default is 64. */
  readonly pieces?: number;
  /** Bytes of each piece. Default is 65,536. */
  readonly pieceBytes?: number;
}

/** Opens a part of a text, such as its first nine tenths. Errors where it is empty. */
export async function openLargeText(
  source: RangedSource,
  { from = 0, to = 1, pieces = 64, pieceBytes = 1 << 16 }: LargeTextOptions = {},
): Promise<LargeText> {
  check(0 <= from && from < to && to <= 1, "openLargeText", () => {
    return `from and to must be shares with from below to, got ${from} and ${to}`;
  });
  const whole = await source.size();
  const first = Math.floor(from * whole);
  const size = Math.floor(to * whole) - first;
  check(size > 0, "openLargeText", () => `${source.name} must hold text, got an empty file`);
  const read = async (start: number, bytes: number, signal?: AbortSignal): Promise<string> => {
    const end = Math.min(size, start + bytes);
    return textOf(await source.read(first + start, first + end, { signal }));
  };
  const count = Math.min(pieces, Math.ceil(size / pieceBytes));
  const sample: string[] = [];
  for (let piece = 0; piece < count; piece++) {
    sample.push(await read(Math.floor((piece * size) / count), Math.min(pieceBytes, Math.ceil(size / count))));
  }
  return { name: source.name, size, sample, read, close: () => source.close() };
}

/** Reads all of a text once, and reports the lines that are no UTF-8: the first is an error, or all are counted. */
export async function checkLargeText(
  source: RangedSource,
  options: { readonly onError?: "throw" | "skip"; readonly signal?: AbortSignal } = {},
): Promise<Pick<ReadReport, "skipped" | "problems">> {
  const problems: Problem[] = [];
  let skipped = 0;
  for await (const problem of wrongLines(source, options.signal)) {
    if (options.onError !== "skip") throw problem;
    if (skipped++ < 100) problems.push(problem.problem);
  }
  return { skipped, problems };
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lineFeed = 10;

/** The text of bytes from the first whole character to the last, without lines that are no text. */
function textOf(bytes: Uint8Array): string {
  const whole = bytes.subarray(continuationsAt(bytes), bytes.length - cutCharacter(bytes));
  const plain = decoded(whole);
  if (plain !== undefined) return plain;
  const lines: string[] = [];
  for (let start = 0; start < whole.length; ) {
    const feed = whole.indexOf(lineFeed, start);
    const end = feed < 0 ? whole.length : feed + 1;
    lines.push(decoded(whole.subarray(start, end)) ?? "");
    start = end;
  }
  return lines.join("");
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** How many bytes at the beginning belong to a character before it: three at most. */
function continuationsAt(bytes: Uint8Array): number {
  let count = 0;
  while (count < 3 && isContinuation(bytes[count])) count++;
  return count;
}

/** How many bytes at the end are the beginning of a character. */
function cutCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (isContinuation(byte)) continue;
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}
