import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { CompareData } from "@relpos/lab";
import { CliError } from "./errors.js";
import { cannotRead } from "./file-errors.js";

/** Reads a text in UTF-8, without a byte order mark. */
export async function readTextFile(path: string): Promise<Extract<CompareData, { kind: "text" }>> {
  const text = await readUtf8("--text", path, "name a text file");
  if (text.length === 0) throw new CliError(`--text ${path} is empty`, "choose a file with text");
  return { kind: "text", name: basename(path), text };
}

/** Reads a file in UTF-8 that an option names. */
export async function readUtf8(flag: string, path: string, remedy: string): Promise<string> {
  return decode(flag, path, await read(flag, path, remedy));
}

async function read(flag: string, path: string, remedy: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw cannotRead(`${flag} ${path}`, error, remedy);
  });
}

function decode(flag: string, path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CliError(`${flag} ${path} is not text in UTF-8`, "convert it, for example with iconv", 2, {
      cause: error,
    });
  }
}
