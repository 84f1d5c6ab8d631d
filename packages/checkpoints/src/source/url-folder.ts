import { type ByteSource, bytesSource, type ReadOptions } from "./byte-source.js";
import type { Folder } from "./folder.js";
import { type UrlOptions, urlSource } from "./url-source.js";

const fixedNames = [
  "config.json",
  "model.safetensors.index.json",
  "model.safetensors",
  "tokenizer.json",
  "tokenizer_config.json",
];

/** Files below a URL: the usual names that the server has, and the shards that an index names. */
export async function openUrlFolder(url: string | URL, options: UrlOptions & ReadOptions = {}): Promise<Folder> {
  const base = String(url).replace(/\/*$/, "/");
  const entries = await Promise.all(
    fixedNames.map(async (name): Promise<readonly (readonly [string, ByteSource])[]> => {
      const source = urlSource(new URL(name, base), options);
      const found = await source.size(options).catch((error: Error) => {
        options.signal?.throwIfAborted();
        if (/got 40[34]$/.test(error.message)) return undefined;
        throw error;
      });
      return found === undefined ? [] : [[name, source]];
    }),
  );
  const folder = new Map(entries.flat());
  const index = folder.get("model.safetensors.index.json");
  if (!index) return folder;
  const bytes = await index.read(0, await index.size(options), options);
  folder.set("model.safetensors.index.json", bytesSource(bytes, index.name));
  for (const name of shardNames(bytes)) folder.set(name, urlSource(new URL(name, base), options));
  return folder;
}

/** Plain file names of an index; `openShards` checks the rest of it. */
function shardNames(bytes: Uint8Array): readonly string[] {
  try {
    const { weight_map: map } = JSON.parse(new TextDecoder().decode(bytes)) as { weight_map?: Record<string, unknown> };
    return [...new Set(Object.values(map ?? {}))].filter((name): name is string => /^[\w-][\w.-]*$/.test(String(name)));
  } catch {
    return [];
  }
}
