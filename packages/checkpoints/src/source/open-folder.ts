import { check } from "@relpos/core";
import { readFolder } from "#files";
import { openSafetensors, type Safetensors } from "../safetensors/reader.js";
import { openShards } from "../safetensors/shards.js";
import type { ByteSource, ReadOptions } from "./byte-source.js";

/** Files by name: those of a checkpoint's folder, wherever it is. */
export type Folder = ReadonlyMap<string, ByteSource>;

export { readFolder };

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
