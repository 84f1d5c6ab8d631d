import { check, type HostTensor } from "@relpos/core";
import type { ByteSource, ReadOptions } from "../source/byte-source.js";
import { openSource, type SourceLike } from "../source/open-source.js";
import { headerLength, parseHeader, prefixLength, type TensorEntry } from "./header.js";
import { type StoredTensor, toHostTensor } from "./stored-tensor.js";

/** A tensor's place: which source, and where in it. */
export interface TensorPlace extends TensorEntry {
  readonly source: ByteSource;
}

/** Tensors by name, in one file or several; only what is asked for is read. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  /** What stands under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** A tensor's bytes. Errors when there is none of this name. */
  read(name: string, options?: ReadOptions): Promise<StoredTensor>;
  /** A tensor's values, whose element type is the file's; 64- and 16-bit integers become int32. */
  load(name: string, options?: ReadOptions): Promise<HostTensor>;
  /** Closes the files. A second call does nothing. */
  close(): Promise<void>;
}

/** Opens a safetensors file: reads its header, and errors when anything in it is wrong. */
export async function openSafetensors(value: SourceLike, options: ReadOptions = {}): Promise<Safetensors> {
  const source = openSource(value);
  try {
    const size = await source.size(options);
    check(size >= prefixLength, "safetensors", () => `${source.name}: must have at least 8 bytes, got ${size}`);
    const length = headerLength(source.name, await source.read(0, prefixLength, options), size);
    const header = await source.read(prefixLength, prefixLength + length, options);
    const { tensors, metadata } = parseHeader(source.name, header, size);
    const places = new Map([...tensors].map(([name, entry]) => [name, { ...entry, source }]));
    return safetensorsOf(places, metadata, [source]);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Tensors at their places. */
export function safetensorsOf(
  tensors: ReadonlyMap<string, TensorPlace>,
  metadata: Readonly<Record<string, string>>,
  sources: readonly ByteSource[],
): Safetensors {
  const read = async (name: string, options?: ReadOptions): Promise<StoredTensor> => {
    const place = tensors.get(name);
    check(place, "safetensors", () => `there is no tensor ${name}`);
    const { source, offset, length, dtype, shape } = place;
    return { dtype, shape, bytes: await source.read(offset, offset + length, options) };
  };
  return {
    tensors,
    metadata,
    read,
    load: async (name, options) => toHostTensor(await read(name, options), name),
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}
