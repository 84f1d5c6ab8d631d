import { check } from "@relpos/core";
import { isLocal, readFolder } from "#files";
import { openSafetensors, type Safetensors } from "../safetensors/reader.js";
import { openShards } from "../safetensors/shards.js";
import { blobSource, type ReadOptions } from "./byte-source.js";
import type { Folder } from "./folder.js";
import { type HubOptions, isHubId, openHub } from "./hub.js";
import { filePath } from "./open-source.js";
import { openUrlFolder } from "./url-folder.js";

/** A folder's path, an address, a model of the hub by its name, files that a user chose, or files by name. */
export type FolderLike = string | URL | Iterable<File> | Folder;

const isFolder = (value: Iterable<File> | Folder): value is Folder => value instanceof Map;

/** The files that a value stands for. A text is an address where it begins with `http`, a path where there is one, else a name of the hub. */
export async function openFolder(value: FolderLike, options: HubOptions = {}): Promise<Folder> {
  if (value instanceof URL)
    return value.protocol === "file:" ? readFolder(filePath(value)) : openUrlFolder(value, options);
  if (typeof value !== "string") {
    return isFolder(value) ? value : new Map([...value].map((file) => [file.name, blobSource(file)]));
  }
  if (/^https?:/.test(value)) return openUrlFolder(value, options);
  return isHubId(value) && !(await isLocal(value)) ? openHub(value, options) : readFolder(value);
}

/** A small file as text. Errors when there is none. */
export async function readText(folder: Folder, name: string, options: ReadOptions = {}): Promise<string> {
  const source = folder.get(name);
  check(
    source,
    "openCheckpoint",
    () => `the checkpoint must have a file ${name}, it has ${[...folder.keys()].join(", ") || "none"}`,
  );
  const bytes = await source.read(0, await source.size(options), options);
  return new TextDecoder().decode(bytes);
}

/** The weights of a folder: `model.safetensors`, or shards by `model.safetensors.index.json`. */
export async function openWeights(folder: Folder, options: ReadOptions = {}): Promise<Safetensors> {
  const index = folder.get("model.safetensors.index.json");
  if (index) return openShards(index, folder, options);
  const single = folder.get("model.safetensors");
  check(single, "openCheckpoint", () => {
    return `the checkpoint must have model.safetensors or an index of shards, it has ${[...folder.keys()].join(", ") || "no files"}`;
  });
  return openSafetensors(single, options);
}
