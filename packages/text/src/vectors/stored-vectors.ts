import { encodeSafetensors, openSafetensors, type SourceLike } from "@relpos/checkpoints/safetensors";
import { check, toNumbers } from "@relpos/core";
import { type WordVectors, wordVectors } from "./word-vectors.js";

/** Where a safetensors file has its vectors and words. */
export interface StoredVectorOptions {
  /** Name of the tensor [V, D]. Default is the only one that the file has with two dimensions. */
  readonly tensor?: string;
  /** Words of the rows. Default is the list that `encodeVectors` stores in the file's metadata. */
  readonly words?: readonly string[];
}

/** Vectors from a tensor of a safetensors file, of whatever floating-point type. */
export async function readStoredVectors(source: SourceLike, options: StoredVectorOptions = {}): Promise<WordVectors> {
  const operation = "readStoredVectors";
  const file = await openSafetensors(source);
  try {
    const tables = [...file.tensors].filter(([, { shape }]) => shape.length === 2).map(([name]) => name);
    const name = options.tensor ?? tables[0];
    check(name !== undefined && (options.tensor !== undefined || tables.length === 1), operation, () => {
      return `tensor must name one of the tables ${tables.join(", ") || "(there are none)"}`;
    });
    const listed = file.metadata.words;
    const words = options.words ?? (listed === undefined ? undefined : (JSON.parse(listed) as readonly string[]));
    check(words, operation, () => "the file must list its words, or they must be given");
    return wordVectors(words, Float32Array.from(toNumbers(await file.load(name))));
  } finally {
    await file.close();
  }
}

/** A safetensors file of vectors, tensor `vectors` [V, D], with their words as JSON in its metadata. */
export function encodeVectors({ words, table }: WordVectors): Uint8Array {
  return encodeSafetensors({ vectors: table }, { metadata: { words: JSON.stringify(words) } });
}

/** Vectors as text in word2vec's form, which fastText, gensim and others read: a line at a time. */
export function* vectorLines({ words, width, table }: WordVectors): Generator<string> {
  yield `${words.length} ${width}\n`;
  for (const [row, word] of words.entries()) {
    yield `${word.replace(/\s/g, "_")} ${Array.from(table.data.subarray(row * width, (row + 1) * width), (value) => String(Math.fround(value))).join(" ")}\n`;
  }
}
