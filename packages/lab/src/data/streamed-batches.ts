import { check, foldIn, type RandomKey, randomIntegers, tensor } from "@relpos/core";
import type { LargeText } from "@relpos/text";
import type { TextBatch } from "./text-batches.js";

/** Training batches by step, read when they are asked for. */
export interface StreamedBatches {
  /** Windows in which as many tokens are seen as the text has, about. */
  readonly windows: number;
  batch(step: number): Promise<TextBatch>;
}

export interface StreamedBatchesOptions {
  readonly text: LargeText;
  readonly encode: (text: string) => Int32Array;
  readonly length: number;
  readonly batch: number;
  /** Of the places of windows. */
  readonly key: RandomKey;
}

/** Places are drawn in two parts, a page and a byte in it: one draw has 32 bits. */
const page = 1 << 16;

/**
 * Windows of a text at random places, a pure function of key and step. Only the bytes of the windows are read and made to
 * tokens, so memory does not grow with the text.
 */
export function streamedBatches({ text, encode, length, batch, key }: StreamedBatchesOptions): StreamedBatches {
  const bytesPerToken = measureTokens(text, encode);
  const need = length + 1;
  // A little more than a window takes, on average; where it is too little, twice as much.
  const first = Math.ceil(1.25 * need * bytesPerToken) + 16;
  const window = async (place: number): Promise<Int32Array> => {
    for (let bytes = first; ; bytes *= 2) {
      const start = Math.max(0, Math.min(place, text.size - bytes));
      const tokens = encode(fromWord(await text.read(start, bytes)));
      if (tokens.length >= need) return tokens.subarray(0, need);
      check(bytes < text.size, "streamedBatches", () => {
        return `${text.name} must hold at least ${need} tokens for a window of length ${length}, got ${tokens.length}`;
      });
    }
  };
  return {
    windows: text.size / bytesPerToken / length,
    async batch(step) {
      const own = foldIn(key, step);
      const pages = randomIntegers(own, batch, 0, Math.ceil(text.size / page));
      const offsets = randomIntegers(foldIn(own, "offset"), batch, 0, page);
      const rows = await Promise.all(
        Array.from(pages, (number, row) => window((number * page + offsets[row]!) % text.size)),
      );
      const stacked = (from: number) => {
        const data = new Int32Array(batch * length);
        rows.forEach((row, index) => {
          data.set(row.subarray(from, from + length), index * length);
        });
        return tensor(data, [batch, length], "int32");
      };
      return { tokens: stacked(0), labels: stacked(1) };
    },
  };
}

function measureTokens({ name, sample }: LargeText, encode: (text: string) => Int32Array): number {
  const [piece = ""] = sample;
  const count = encode(piece).length;
  check(count > 0, "streamedBatches", () => `${name} must hold tokens, got none in its beginning`);
  return new TextEncoder().encode(piece).length / count;
}

/** A text without the word that its beginning cuts; one without spaces, as Chinese has none, as it is. */
function fromWord(text: string): string {
  return text.replace(/^\S{1,32}(?=\s)/, "");
}
