import { joinBytes } from "../join-bytes.js";
import type { ByteSource } from "./dataset.js";

/** One line of a source: its bytes without the line break, and its number, counted from 1. */
export interface ByteLine {
  readonly bytes: Uint8Array;
  readonly line: number;
}

const lineFeed = 10;
const carriageReturn = 13;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Lines of a source, ended by LF or CRLF, without a byte order mark at the beginning. Memory is that of one line. */
export async function* byteLines(source: ByteSource, signal?: AbortSignal): AsyncGenerator<ByteLine> {
  let rest: Uint8Array[] = [];
  let line = 0;
  const finish = (last: Uint8Array): ByteLine => {
    const bytes = rest.length === 0 ? last : joinBytes([...rest, last]);
    rest = [];
    line++;
    const begin = line === 1 && byteOrderMark.every((byte, index) => bytes[index] === byte) ? 3 : 0;
    const end = bytes[bytes.length - 1] === carriageReturn ? bytes.length - 1 : bytes.length;
    return { bytes: bytes.subarray(begin, end), line };
  };
  for await (const chunk of source.open(signal)) {
    signal?.throwIfAborted();
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      yield finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.slice(start));
  }
  if (rest.length > 0) yield finish(new Uint8Array());
}
