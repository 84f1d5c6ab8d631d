import { CliError, exitCodes } from "./errors.js";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission is missing",
  EPERM: "permission is missing",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is a file",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
  Z_DATA_ERROR: "it is not gzip, or not whole",
  Z_BUF_ERROR: "it is cut off",
};

/** The code that the system gave an error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** Why the system refused, in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error) ?? "unknown reason";
  return reasons[code] ?? code;
}

/** Whether an error is the system's, about a file. */
export function isFileError(error: unknown): error is Error & { readonly path?: string } {
  return (codeOf(error) ?? "") in reasons;
}

/** A file or folder that cannot be read; `what` is the option with its path. */
export function cannotRead(what: string, cause: unknown, remedy: string, exitCode: number = exitCodes.usage): CliError {
  return new CliError(`cannot read ${what}: ${reasonOf(cause)}`, remedy, exitCode, { cause });
}

/** A file or folder that an option names and that cannot be written. */
export function cannotWrite(path: string, cause: unknown, exitCode: number, flag = "--out"): CliError {
  // There is nothing above it to be missing: folders are made.
  const reason = codeOf(cause) === "ENOENT" ? "the file system does not allow it" : reasonOf(cause);
  return new CliError(`cannot write ${path}: ${reason}`, `choose another ${flag}`, exitCode, { cause });
}
