import { access, constants } from "node:fs/promises";
import { RelposError } from "@relpos/core";
import type { ByteSource } from "@relpos/text";
import { fileSource } from "@relpos/text/node";
import { CliError } from "./errors.js";

/** A file that the command line names, as a source. Errors when it cannot be read. */
export async function inputSource(path: string): Promise<ByteSource> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw new CliError(`cannot read ${path}`, "name a file that is there", 2, { cause: error });
  }
  return fileSource(path);
}

/** Runs what reads data; what is wrong with the data becomes one line with a remedy. */
export async function withData<T>(read: () => Promise<T>, remedy: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // A SettingsError brings its own remedy.
    if (!(error instanceof RelposError) || error.name === "SettingsError") throw error;
    throw new CliError(error.message.replace(/^\[[^\]]+\] /, ""), remedy, 1, { cause: error });
  }
}
