import type { ByteSource } from "../datasets/dataset.js";
import { lineDecoder } from "../datasets/decode-line.js";
import { DataError } from "../datasets/errors.js";
import { type ReadVectors, type VectorOptions, vectorCollector } from "./collect-vectors.js";

const operation = "readBinaryVectors";
const space = 32;
const lineFeed = 10;
const longestWord = 10_000;

/**
 * Vectors as word2vec's `-binary 1` writes them: a line with the number of words and the width, then for each word its text, a
 * space, and its numbers as little-endian float32. Problems are told with the number of the word in place of a line.
 */
export async function readBinaryVectors(source: ByteSource, options: VectorOptions = {}): Promise<ReadVectors> {
  const { signal, limit = Number.POSITIVE_INFINITY } = options;
  const bytes = byteReader(source, signal);
  const collector = vectorCollector(operation, source.name, options);
  const decode = lineDecoder();
  try {
    const first = new TextDecoder().decode((await bytes.until(lineFeed, 100)) ?? new Uint8Array());
    const [count, width] = /^(\d+) (\d+)$/.exec(first.trim())?.slice(1).map(Number) ?? [];
    if (!count || !width) {
      throw new DataError(
        operation,
        { file: source.name, line: 1 },
        "must begin with the number of words and the width",
      );
    }
    for (let line = 1; line <= Math.min(count, limit); line++) {
      const place = { file: source.name, line };
      const word = await bytes.until(space, longestWord);
      const vector = word && (await bytes.exactly(4 * width));
      if (!word || !vector) {
        collector.reject(place, `must hold ${count} vectors as its first line says, got ${line - 1} and a part`);
        break;
      }
      const text = decode(word[0] === lineFeed ? word.subarray(1) : word);
      if ("text" in text) collector.add(place, text.text, floats(vector));
      else collector.reject(place, text.rule);
    }
  } finally {
    await bytes.close();
  }
  return collector.finish();
}

function floats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/** Reads a stream of bytes by need. */
function byteReader(source: ByteSource, signal?: AbortSignal) {
  const chunks = source.open(signal)[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done) return false;
    const joined = new Uint8Array(held.length + value.length);
    joined.set(held);
    joined.set(value, held.length);
    held = joined;
    return true;
  };
  const take = (length: number): Uint8Array => {
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
  return {
    /** The bytes before a mark, which is passed over; undefined where it does not come. */
    async until(mark: number, limit: number): Promise<Uint8Array | undefined> {
      for (;;) {
        const end = held.indexOf(mark);
        if (end >= 0) return take(end + 1).subarray(0, end);
        if (held.length > limit || !(await more())) return undefined;
      }
    },
    /** So many bytes; undefined where there are fewer. */
    async exactly(length: number): Promise<Uint8Array | undefined> {
      while (held.length < length) if (!(await more())) return undefined;
      return take(length);
    },
    close: async () => {
      await chunks.return?.();
    },
  };
}
