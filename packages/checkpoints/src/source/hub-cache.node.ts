import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { check } from "@relpos/core";
import { readFolder } from "./files.node.js";
import type { HubCache } from "./hub.js";
import { piecesOf } from "./read-whole.js";

/** Where Hugging Face's libraries keep files of the hub, by the environment variables that they read. */
function cacheFolder(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, "hub");
}

const sizeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.size;

/**
 * Files of the hub on disk, in the folder and the layout of huggingface_hub: what either has fetched the other finds.
 *
 * A file is fetched into `<name>.incomplete` and renamed when it is whole; what an interrupted run has left is continued.
 */
export function hubCache(folder: string = cacheFolder()): HubCache {
  const rootOf = (id: string): string => join(folder, `models--${id.replaceAll("/", "--")}`);
  const snapshotOf = (id: string, commit: string): string => join(rootOf(id), "snapshots", commit);
  return {
    revision: async (id, revision) => {
      return (await readFile(join(rootOf(id), "refs", revision), "utf8").catch(() => undefined))?.trim();
    },
    remember: async (id, revision, commit) => {
      const path = join(rootOf(id), "refs", revision);
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, "w");
      await file.writeFile(commit);
      await file.close();
    },
    files: async (id, commit) => {
      const path = snapshotOf(id, commit);
      return (await sizeOf(path)) === undefined ? new Map() : readFolder(path);
    },
    store: async (id, commit, name, blob, options) => {
      const path = join(snapshotOf(id, commit), name);
      const incomplete = `${path}.incomplete`;
      await mkdir(dirname(path), { recursive: true });
      const left = (await sizeOf(incomplete)) ?? 0;
      const start = left < blob.size ? left : 0;
      const file = await open(incomplete, start > 0 ? "a" : "w");
      try {
        for await (const piece of piecesOf(name, blob, start, options)) await file.writeFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
      const size = await sizeOf(incomplete);
      check(size === blob.size, "hub", () => `${name} must have ${blob.size} bytes, got ${size}`);
      await rename(incomplete, path);
    },
  };
}
