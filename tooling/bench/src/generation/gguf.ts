import { closeSync, openSync, writeSync } from "node:fs";
import { encodeFloat16 } from "@relpos/core";

/** A value of a GGUF file's metadata: a plain number is stored as uint32, lists of numbers as float32 or int32. */
export type GgufValue =
  | string
  | number
  | { readonly float: number }
  | readonly string[]
  | { readonly floats: readonly number[] }
  | { readonly integers: readonly number[] };

/** Rows of numbers, the last axis contiguous. */
export interface GgufTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Stored types: their number in the format, bytes of so many elements, and how elements are encoded. */
const ggufTypes = {
  F32: {
    id: 0,
    bytes: (count: number) => count * 4,
    encode: (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  },
  Q4_0: { id: 2, bytes: (count: number) => (count / 32) * 18, encode: encodeQ4 },
  Q8_0: { id: 8, bytes: (count: number) => (count / 32) * 34, encode: encodeQ8 },
} as const;

export type GgufType = keyof typeof ggufTypes;

const alignment = 32;
const valueTypes = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const;

/**
 * Writes a GGUF file of version 3 (ggml's docs/gguf.md): matrices in the type asked for, vectors in F32.
 */
export function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: ReadonlyMap<string, GgufTensor>,
  type: GgufType,
): void {
  const typeOf = ({ shape }: GgufTensor) => ggufTypes[shape.length === 1 ? "F32" : type];
  const file = openSync(path, "w");
  let written = 0;
  const write = (bytes: Uint8Array): void => {
    for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from);
    written += bytes.length;
  };
  const fill = (): void => write(new Uint8Array(aligned(written) - written));
  try {
    write(Buffer.from("GGUF"));
    write(Buffer.concat([uint32(3), uint64(tensors.size), uint64(Object.keys(metadata).length)]));
    for (const [key, value] of Object.entries(metadata)) write(Buffer.concat([text(key), tagged(value)]));
    let offset = 0;
    for (const [name, tensor] of tensors) {
      const sizes = tensor.shape.toReversed().map(uint64);
      write(Buffer.concat([text(name), uint32(sizes.length), ...sizes, uint32(typeOf(tensor).id), uint64(offset)]));
      offset = aligned(offset + typeOf(tensor).bytes(tensor.data.length));
    }
    fill();
    for (const tensor of tensors.values()) {
      write(typeOf(tensor).encode(tensor.data));
      fill();
    }
  } finally {
    closeSync(file);
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);

function array(type: keyof typeof valueTypes, values: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(valueTypes.array), uint32(valueTypes[type]), uint64(values.length), ...values]);
}

/** A value behind its type. */
function tagged(value: GgufValue): Buffer {
  if (typeof value === "string") return Buffer.concat([uint32(valueTypes.string), text(value)]);
  if (typeof value === "number") return Buffer.concat([uint32(valueTypes.uint32), uint32(value)]);
  if ("float" in value) return Buffer.concat([uint32(valueTypes.float32), float32(value.float)]);
  if ("floats" in value) return array("float32", value.floats.map(float32));
  if ("integers" in value) return array("int32", value.integers.map(uint32));
  return array("string", value.map(text));
}

/** Blocks of 32 numbers: a float16 scale, then each divided by it and rounded to int8. */
function encodeQ8(data: Float32Array): Uint8Array {
  const size = 32;
  const blocks = data.length / size;
  const bytes = new DataView(new ArrayBuffer(blocks * (2 + size)));
  for (let block = 0; block < blocks; block++) {
    const numbers = data.subarray(block * size, (block + 1) * size);
    const scale = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
    const place = block * (2 + size);
    bytes.setUint16(place, encodeFloat16(scale), true);
    for (let index = 0; index < size; index++) {
      bytes.setInt8(place + 2 + index, scale === 0 ? 0 : Math.round((numbers[index] as number) / scale));
    }
  }
  return new Uint8Array(bytes.buffer);
}

/** Blocks of 32 numbers: a float16 scale that takes the farthest number to −8, then four bits each, the first half of them low. */
function encodeQ4(data: Float32Array): Uint8Array {
  const size = 32;
  const blocks = data.length / size;
  const bytes = new DataView(new ArrayBuffer(blocks * (2 + size / 2)));
  for (let block = 0; block < blocks; block++) {
    const numbers = data.subarray(block * size, (block + 1) * size);
    const farthest = numbers.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0);
    const scale = farthest / -8;
    const quantized = (index: number): number =>
      scale === 0 ? 8 : Math.min(15, Math.floor((numbers[index] as number) / scale + 8.5));
    const place = block * (2 + size / 2);
    bytes.setUint16(place, encodeFloat16(scale), true);
    for (let index = 0; index < size / 2; index++) {
      bytes.setUint8(place + 2 + index, quantized(index) | (quantized(index + size / 2) << 4));
    }
  }
  return new Uint8Array(bytes.buffer);
}
