import { readFile } from "node:fs/promises";
import { bytesSource, type Folder, openSafetensors } from "@relpos/checkpoints";
import { type HostTensor, toNumbers } from "@relpos/core";
import { charactersTokenizer, vocabularyOf } from "@relpos/text";

/** A Llama of 256 tokens, 2 layers and random weights, with what transformers computed for it. */
const folder = new URL("../../checkpoints/test/fixtures/llama_rope_bf16/", import.meta.url);

/** A tokenizer whose token t is the character U+0100 + t. */
export const tokenizer = charactersTokenizer(
  vocabularyOf(Array.from({ length: 256 }, (_, token) => String.fromCharCode(0x100 + token))),
);

/** The fixture's files with a tokenizer, and others beside them: texts, or values that become JSON. */
export async function checkpointFiles(others: Readonly<Record<string, unknown>> = {}): Promise<Folder> {
  const stored = ["config.json", "model.safetensors"] as const;
  const bytes = await Promise.all(stored.map((name) => readFile(new URL(name, folder))));
  const texts = Object.entries({ "tokenizer.json": tokenizer, ...others }).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [name, new TextEncoder().encode(text)] as const;
  });
  const files = [...stored.map((name, index) => [name, bytes[index] as Uint8Array] as const), ...texts];
  return new Map(files.map(([name, content]) => [name, bytesSource(content, name)]));
}

/** What transformers computed for it, by name. */
export async function expectedOf(name: string): Promise<readonly number[]> {
  const file = await openSafetensors(new URL("expected.safetensors", folder));
  const value: HostTensor = await file.load(name);
  await file.close();
  return Array.from(toNumbers(value));
}
