import { stat } from "node:fs/promises";
import { openSource } from "@relpos/checkpoints/safetensors";
import { checkLargeText, type LargeText, type LargeTextOptions, openLargeText, readWholeText } from "@relpos/text";
import { fileSource } from "@relpos/text/node";
import { CliError } from "../errors.js";
import type { LeftOut } from "./left-out.js";
import type { ReadFlags } from "./read-flags.js";

/** Texts of `lm`, and the lines that were left out. */
export interface ReadTexts extends LeftOut {
  readonly records: readonly { readonly text: string }[];
}

/** Training data of `lm` that stays in its file, with what is examined of it. */
export interface StreamedTexts extends LeftOut {
  readonly training: LargeText;
  readonly validation: ReadTexts["records"];
}

/** Texts above so many bytes stay in their files. */
const largestInMemory = 1 << 26;

/** What is examined of a text that stays in its file: pieces spread evenly over it. */
const examined: LargeTextOptions = { pieces: 16, pieceBytes: 1 << 14 };

/** Whether a text is read where it is needed. */
export async function isStreamed(path: string, { stream }: ReadFlags): Promise<boolean> {
  return stream === true || (!path.endsWith(".gz") && (await stat(path)).size > largestInMemory);
}

/** A text in memory; of one that stays in its file, pieces. */
export async function readTexts(path: string, flags: ReadFlags): Promise<ReadTexts> {
  const { textEncoding: encoding, onError } = flags;
  if (await isStreamed(path, flags)) {
    const leftOut = await checked(path, flags);
    return { records: await pieces(path, examined), ...leftOut };
  }
  const options = { ...(encoding && { encoding }), ...(onError && { onError }) };
  const { text, ...leftOut } = await readWholeText(fileSource(path), options);
  return { records: text === "" ? [] : [{ text }], ...leftOut };
}

/** A text that stays in its file, and pieces of its last tenth to examine; with validation data, all of it is trained on. */
export async function streamTexts(path: string, flags: ReadFlags & { validation?: string }): Promise<StreamedTexts> {
  const leftOut = await checked(path, flags);
  const share = flags.validation === undefined ? 0.9 : 1;
  const validation = share < 1 ? await pieces(path, { ...examined, from: share }) : [];
  return { training: await openLargeText(openSource(path), { to: share }), validation, ...leftOut };
}

async function pieces(path: string, options: LargeTextOptions): Promise<ReadTexts["records"]> {
  const { sample, close } = await openLargeText(openSource(path), options);
  await close();
  return sample.map((text) => ({ text }));
}

async function checked(path: string, { textEncoding: encoding = "utf-8", onError }: ReadFlags): Promise<LeftOut> {
  if (path.endsWith(".gz") || encoding !== "utf-8") {
    throw new CliError(
      `${path} is read where it is needed, which takes plain text in UTF-8`,
      "unpack it, and convert it with iconv",
    );
  }
  const source = openSource(path);
  try {
    return await checkLargeText(source, { ...(onError && { onError }) });
  } finally {
    await source.close();
  }
}
