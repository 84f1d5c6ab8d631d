import { bytesSource } from "@relpos/checkpoints/safetensors";
import type { ByteSource } from "../datasets/dataset.js";
import { readBinaryVectors } from "./binary-vectors.js";
import type { ReadVectors } from "./collect-vectors.js";
import { readStoredVectors } from "./stored-vectors.js";
import { readTextVectors, type TextVectorOptions } from "./text-vectors.js";

/** Vectors in any of the forms, told by the name: `.bin` is word2vec's binary, `.safetensors`, else text; each may be gzipped. */
export function readVectors(source: ByteSource, options: TextVectorOptions = {}): Promise<ReadVectors> {
  const name = source.name.replace(/\.gz$/, "");
  if (name.endsWith(".bin")) return readBinaryVectors(source, options);
  return name.endsWith(".safetensors") ? readWhole(source, options) : readTextVectors(source, options);
}

async function readWhole(source: ByteSource, { signal }: TextVectorOptions): Promise<ReadVectors> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of source.open(signal)) pieces.push(chunk.slice());
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const vectors = await readStoredVectors(bytesSource(bytes, source.name));
  return { vectors, report: { records: vectors.words.length, skipped: 0, problems: [] } };
}
