import { randomUUID } from "node:crypto";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { RunStore } from "@relpos/lab";
import { CliError, exitCodes } from "./errors.js";
import { cannotWrite, codeOf } from "./file-errors.js";
import { makeFolder } from "./make-folder.js";

/** A folder as the store of a comparison. A file is written beside its place, flushed, and moved there. */
export function folderStore(folder: string): RunStore {
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(name, bytes) {
      const path = join(folder, name);
      const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
      try {
        await makeFolder(dirname(path));
        const file = await open(temporary, "wx");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        throw cannotWrite(path, error, exitCodes.failure);
      }
    },
    async remove(name) {
      await rm(join(folder, name), { force: true });
    },
  };
}

/**
 * Makes the output folder ready: new, empty, or with what is to be gone on with: a comparison, a training. Errors before
 * anything is written.
 */
export async function openOutput(folder: string, resume: boolean, what = "comparison"): Promise<RunStore> {
  const names = await list(folder);
  const holdsWork = names.includes("settings.json");
  if (names.length > 0 && !resume) {
    const remedy = holdsWork ? "go on with --resume, or choose another --out" : "choose another --out";
    throw new CliError(`--out ${folder} is not empty`, remedy);
  }
  if (names.length > 0 && !holdsWork) {
    throw new CliError(`--out ${folder} holds no ${what} to resume`, `choose the folder that the ${what} wrote to`);
  }
  await removeLeftovers(folder);
  await probe(folder);
  return folderStore(folder);
}

/** Makes an output folder ready that must be new or empty. Errors before anything is written. */
export async function openNewOutput(folder: string): Promise<RunStore> {
  if ((await list(folder)).length > 0) throw new CliError(`--out ${folder} is not empty`, "choose another --out");
  await probe(folder);
  return folderStore(folder);
}

/** Makes the folder of an output file ready, as a store. Errors where the file is already, before anything is written. */
export async function openNewFile(path: string): Promise<RunStore> {
  const folder = dirname(path);
  if ((await list(folder)).includes(basename(path)))
    throw new CliError(`--out ${path} is there already`, "choose another --out");
  await probe(folder);
  return folderStore(folder);
}

/** Removes files that a killed process had not moved to their places. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) if (/\.[0-9a-f]{8}\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
}

/** Makes a folder that an option names, and tries to write in it. */
export async function probe(folder: string, flag?: string): Promise<void> {
  const file = join(folder, `.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await makeFolder(folder);
    await (await open(file, "wx")).close();
    await rm(file, { force: true });
  } catch (error) {
    throw cannotWrite(folder, error, exitCodes.usage, flag);
  }
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") throw new CliError(`--out ${folder} is a file, or lies below one`, "name a folder");
    throw cannotWrite(folder, error, exitCodes.usage);
  }
}
