import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { check, RelposError } from "@relpos/core";
import { type ByteSource, checkRange } from "./byte-source.js";

/** A file, opened at the first read. Errors when there is none. */
export function fileSource(path: string): ByteSource {
  let handle: Promise<FileHandle> | undefined;
  const size = async (): Promise<number> => {
    const found = await stat(path).catch((error: Error) => {
      throw new RelposError("open", `${path} must be a file that can be read: ${error.message}`, { cause: error });
    });
    check(found.isFile(), "open", () => `${path} must be a file`);
    return found.size;
  };
  return {
    name: path,
    path: resolve(path),
    size,
    read: async (start, end, options) => {
      options?.signal?.throwIfAborted();
      checkRange(path, start, end, await size());
      handle ??= open(path, "r");
      const file = await handle;
      const bytes = new Uint8Array(end - start);
      for (let done = 0; done < bytes.length; ) {
        options?.signal?.throwIfAborted();
        const piece = Math.min(bytes.length - done, largestRead);
        const { bytesRead } = await file.read(bytes, done, piece, start + done);
        check(bytesRead > 0, "read", () => `${path} ended at byte ${start + done}, before byte ${end}`);
        done += bytesRead;
      }
      return bytes;
    },
    close: async () => {
      const opened = handle;
      handle = undefined;
      await (await opened)?.close();
    },
  };
}

/** What is read before an abort is looked for again. */
const largestRead = 2 ** 26;

/** Whether there is a folder, or anything else, at a path on disk. */
export async function isLocal(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** The files directly in a folder, by name. Errors when there is no folder. */
export async function readFolder(path: string): Promise<ReadonlyMap<string, ByteSource>> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: Error) => {
    throw new RelposError("open", `${path} must be a folder that can be read: ${error.message}`, { cause: error });
  });
  // Caches of the hub hold links to the files.
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  return new Map(files.map(({ name }) => [name, fileSource(join(path, name))]));
}

/** Where files are kept that can be made again, by the environment variables that say so. */
export function cacheFile(name: string, folder?: string): string | undefined {
  return join(folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "relpos"), name);
}

/** When a file was last changed, in milliseconds since 1970; `undefined` where there is none. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

/** Writes a file as a whole or not at all: to a file beside it, flushed to disk, then renamed. */
export async function writeFileAtomically(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
