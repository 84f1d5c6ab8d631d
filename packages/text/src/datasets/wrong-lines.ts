import type { ByteSource as RangedSource } from "@relpos/checkpoints/safetensors";
import { characterLength } from "../tokenizers/utf8-runs.js";
import { DataError } from "./errors.js";

const block = 1 << 22;
const longestCharacter = 4;
const lineFeed = 10;

/** Lines that are no UTF-8, each with the first byte that is wrong. Memory is that of one block, however long a line is. */
export async function* wrongLines(source: RangedSource, signal?: AbortSignal): AsyncGenerator<DataError> {
  const size = await source.size();
  let line = 1;
  let lineStart = 0;
  let found = false;
  for (let start = 0; start < size; ) {
    signal?.throwIfAborted();
    const end = Math.min(size, start + block);
    const bytes = await source.read(start, end, { signal });
    // A character that the block cuts begins the next one.
    const whole = end === size ? bytes.length : bytes.length - longestCharacter;
    let at = 0;
    while (at < whole) {
      const byte = bytes[at] as number;
      if (byte === lineFeed) {
        line++;
        lineStart = start + at + 1;
        found = false;
      }
      const length = byte < 0x80 ? 1 : characterLength(bytes, at);
      if (length === 0 && !found) {
        found = true;
        const got = `0x${byte.toString(16).padStart(2, "0")} as byte ${start + at - lineStart + 1}`;
        yield new DataError("checkLargeText", { file: source.name, line }, `must be text in utf-8, got ${got}`);
      }
      at += Math.max(1, length);
    }
    start += at;
  }
}
