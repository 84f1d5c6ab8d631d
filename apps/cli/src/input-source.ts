import { access, constants, stat } from "node:fs/promises";
import { RelposError } from "@relpos/core";
import { ruleOf } from "@relpos/lab";
import type { ByteSource } from "@relpos/text";
import { fileSource } from "@relpos/text/node";
import { CliError, exitCodes } from "./errors.js";
import { cannotRead, isFileError } from "./file-errors.js";

const remedy = "name a file that is there";

/** A file that the command line names, as a source. Errors when it cannot be read. */
export async function inputSource(path: string): Promise<ByteSource> {
  const status = await access(path, constants.R_OK)
    .then(() => stat(path))
    .catch((error: unknown) => {
      throw cannotRead(path, error, remedy);
    });
  if (status.isDirectory()) throw new CliError(`cannot read ${path}: it is a folder`, remedy);
  return fileSource(path);
}

/** Runs what reads data; what is wrong with the data becomes one line with a remedy. */
export async function withData<T>(read: () => Promise<T>, remedy: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isFileError(error)) throw cannotRead(error.path ?? "the data", error, remedy, exitCodes.failure);
    // A SettingsError brings its own remedy.
    if (!(error instanceof RelposError) || error.name === "SettingsError") throw error;
    throw new CliError(ruleOf(error), remedy, exitCodes.failure, { cause: error });
  }
}
