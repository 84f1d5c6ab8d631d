import { check, type HostTensor } from "@relpos/core";
import { writeFileAtomically } from "#files";
import { storedDTypes } from "./dtypes.js";
import { byteLength, type StoredTensor, toStoredTensor } from "./stored-tensor.js";

/** Tensors to write, by name. */
export type WritableTensors =
  | ReadonlyMap<string, HostTensor | StoredTensor>
  | Readonly<Record<string, HostTensor | StoredTensor>>;

export interface WriteOptions {
  /** What stands under `__metadata__`. Default: nothing. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const isStored = (value: HostTensor | StoredTensor): value is StoredTensor => "bytes" in value;

/**
 * A safetensors file in pieces: length and header, then each tensor's bytes, widest elements first, so that every tensor
 * is aligned. Host tensors are written in their own element type, as `toStoredTensor` says.
 */
export function* safetensorsPieces(tensors: WritableTensors, { metadata }: WriteOptions = {}): Generator<Uint8Array> {
  const entries = [...(tensors instanceof Map ? tensors : new Map(Object.entries(tensors)))]
    .map(([name, value]): [string, StoredTensor] => [name, isStored(value) ? value : toStoredTensor(value)])
    .sort(([a, x], [b, y]) => storedDTypes[y.dtype].size - storedDTypes[x.dtype].size || (a < b ? -1 : 1));
  for (const [name, { dtype, shape, bytes }] of entries) {
    check(bytes.length === byteLength(dtype, shape), "safetensors", () => {
      return `${name}: ${dtype} of shape [${shape}] must have ${byteLength(dtype, shape)} bytes, got ${bytes.length}`;
    });
  }
  yield headerBytes(entries, metadata);
  for (const [, { bytes }] of entries) yield bytes;
}

/** Length and header of tensors in this order, padded with spaces to a multiple of eight bytes. */
export function headerBytes(
  tensors: Iterable<readonly [name: string, Omit<StoredTensor, "bytes">]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, { dtype, shape }]): [string, unknown] => {
    check(name !== "__metadata__", "safetensors", () => "a tensor cannot be named __metadata__");
    const start = offset;
    offset += byteLength(dtype, shape);
    return [name, { dtype, shape, data_offsets: [start, offset] }];
  });
  const header = Object.fromEntries([...(metadata ? [["__metadata__", metadata]] : []), ...entries]);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}

/** A safetensors file in memory. */
export function encodeSafetensors(tensors: WritableTensors, options?: WriteOptions): Uint8Array<ArrayBuffer> {
  const pieces = [...safetensorsPieces(tensors, options)];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Writes a safetensors file, as a whole or not at all. Needs Node. */
export async function saveSafetensors(path: string, tensors: WritableTensors, options?: WriteOptions): Promise<void> {
  await writeFileAtomically(path, safetensorsPieces(tensors, options));
}
