import { check, RelposError } from "@relpos/core";
import type { ByteSource, ReadOptions } from "../source/byte-source.js";
import { openSafetensors, type Safetensors, safetensorsOf, type TensorPlace } from "./reader.js";

/**
 * Opens a checkpoint in shards by its index file, whose `weight_map` says which file holds which tensor.
 *
 * Errors when a shard's name is no plain file name, when a shard is missing, or when index and shards differ in tensors.
 */
export async function openShards(
  index: ByteSource,
  files: ReadonlyMap<string, ByteSource>,
  options: ReadOptions = {},
): Promise<Safetensors> {
  const map = await readWeightMap(index, options);
  const names = [...new Set(map.values())];
  for (const name of names) {
    // A path would lead out of the folder.
    check(/^[^/\\:]+$/.test(name) && name !== "." && name !== "..", "safetensors", () => {
      return `${index.name}: shards must be names of files beside it, got ${JSON.stringify(name)}`;
    });
    check(files.has(name), "safetensors", () => `${index.name}: there is no shard ${name} beside it`);
  }
  const shards = new Map<string, Safetensors>();
  try {
    for (const name of names) shards.set(name, await openSafetensors(files.get(name) as ByteSource, options));
    const places = [...shards].flatMap(([shard, { tensors }]) =>
      [...tensors].map(([name, place]): [string, TensorPlace] => {
        check(map.get(name) === shard, "safetensors", () => {
          return `${index.name}: ${name} must be in ${map.get(name) ?? "no shard"}, got ${shard}`;
        });
        return [name, place];
      }),
    );
    const found = new Map(places);
    for (const [name, shard] of map) {
      check(found.has(name), "safetensors", () => `${index.name}: ${shard} must hold ${name}, and does not`);
    }
    const metadata = Object.assign({}, ...[...shards.values()].map((shard) => shard.metadata));
    return safetensorsOf(
      found,
      metadata,
      names.map((name) => files.get(name) as ByteSource),
    );
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

async function readWeightMap(index: ByteSource, options: ReadOptions): Promise<ReadonlyMap<string, string>> {
  const bytes = await index.read(0, await index.size(options), options);
  let value: { weight_map?: unknown } | null;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RelposError("safetensors", `${index.name} must be JSON: ${(error as Error).message}`, { cause: error });
  }
  const map = value?.weight_map;
  const entries = typeof map === "object" && map !== null && !Array.isArray(map) ? Object.entries(map) : [];
  check(entries.length > 0 && entries.every(([, file]) => typeof file === "string"), "safetensors", () => {
    return `${index.name}: weight_map must name the file of each tensor, got ${JSON.stringify(map)?.slice(0, 200)}`;
  });
  return new Map(entries as [string, string][]);
}
