import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { charactersTokenizer, vocabularyOf } from "@relpos/text";

/** Checkpoints with what transformers computed for them. */
export const fixtures = new URL("../../../packages/checkpoints/test/fixtures/", import.meta.url);

/** A tokenizer of 256 characters, among them the newline, those of "the cat sat." and many others. */
export const tokenizer = charactersTokenizer(
  vocabularyOf([..."\nthe casodg.", ...Array.from({ length: 244 }, (_, index) => String.fromCharCode(0x100 + index))]),
);

/** Makes a folder of a Llama of 256 tokens with random weights and a tokenizer, and what else is given as JSON. */
export async function makeCheckpoint(folder: string, others: Readonly<Record<string, unknown>> = {}): Promise<string> {
  await mkdir(folder, { recursive: true });
  await cp(new URL("llama_rope_bf16", fixtures), folder, { recursive: true });
  for (const [name, value] of Object.entries({ "tokenizer.json": tokenizer, ...others })) {
    await writeFile(join(folder, name), JSON.stringify(value));
  }
  return folder;
}
