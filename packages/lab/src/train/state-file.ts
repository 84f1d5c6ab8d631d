import { check, type DType, type HostTensor } from "@relpos/core";

/**
 * A training run in the middle, as bytes: everything that the next step depends on.
 *
 *     "relpos-state-1\n\0"  16 bytes
 *     header length         u32, little endian
 *     CRC-32                u32, little endian, of the header length and of all bytes after the sum
 *     header                JSON: { progress, tensors: [{ name, shape, dtype, storage, offset, bytes }] }, padded to 8 bytes
 *     data                  raw arrays, little endian, each padded to 8 bytes; offsets count from the start of the data
 */
export interface RunState {
  readonly progress: RunProgress;
  readonly tensors: Readonly<Record<string, HostTensor>>;
}

export interface RunProgress {
  /** Identifies what is trained: a state of anything else is not gone on from. */
  readonly run: string;
  /** Loss of each step done. */
  readonly losses: readonly number[];
  readonly milliseconds: readonly number[];
  /** Memory of the process after each step, where it was asked for. */
  readonly residentBytes?: readonly number[];
  /** What was measured on the way, where something was. */
  readonly evaluations?: readonly Evaluation[];
}

/** Measures of the weights after a step. */
export interface Evaluation {
  readonly step: number;
  /** Higher is better: what chooses the best weights. */
  readonly score: number;
  readonly measures: Readonly<Record<string, number>>;
}

interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly storage: StorageName;
  readonly offset: number;
  readonly bytes: number;
}

const magic = "relpos-state-1\n\0";
const fixedBytes = 24;
const alignment = 8;

const storages = { Float64Array, Float32Array, Uint16Array, Int32Array, Int8Array, Uint8Array } as const;
type StorageName = keyof typeof storages;

/** Writes a state as bytes. */
export function encodeState(state: RunState): Uint8Array {
  let offset = 0;
  const entries = Object.entries(state.tensors).map(([name, { shape, dtype, data }]): TensorEntry => {
    const entry = {
      name,
      shape: [...shape],
      dtype,
      storage: data[Symbol.toStringTag] as StorageName,
      offset,
      bytes: data.byteLength,
    };
    check(entry.storage in storages, "encodeState", () => `data is a typed array, got ${entry.storage}`);
    offset += align(data.byteLength);
    return entry;
  });
  const header = new TextEncoder().encode(JSON.stringify({ progress: state.progress, tensors: entries }));
  const dataStart = align(fixedBytes + header.length);
  const bytes = new Uint8Array(dataStart + offset);
  bytes.set(new TextEncoder().encode(magic));
  bytes.set(header, fixedBytes);
  for (const { name, offset: start } of entries) {
    const { data } = state.tensors[name]!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart + start);
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(16, header.length, true);
  view.setUint32(20, sumOf(bytes), true);
  return bytes;
}

/** Reads what `encodeState` wrote. Returns undefined when the bytes are damaged, cut short or of another version. */
export function decodeState(bytes: Uint8Array): RunState | undefined {
  if (bytes.length < fixedBytes || new TextDecoder().decode(bytes.subarray(0, 16)) !== magic) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(16, true);
  if (view.getUint32(20, true) !== sumOf(bytes)) return undefined;
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(fixedBytes, fixedBytes + headerBytes))) as {
    progress: RunProgress;
    tensors: TensorEntry[];
  };
  const dataStart = align(fixedBytes + headerBytes);
  const tensors = header.tensors.map(({ name, shape, dtype, storage, offset, bytes: length }) => {
    const start = dataStart + offset;
    // A copy of its own: `slice` of a Node Buffer would share memory.
    const data = new storages[storage](Uint8Array.from(bytes.subarray(start, start + length)).buffer);
    return [name, { shape, dtype, data }] as const;
  });
  return { progress: header.progress, tensors: Object.fromEntries(tensors) };
}

/** A short checksum of named tensors: equal exactly when names and bytes are (up to one chance in 2³²). */
export function checksum(tensors: Readonly<Record<string, HostTensor>>): string {
  let sum = 0;
  for (const name of Object.keys(tensors).sort()) {
    const { data } = tensors[name]!;
    sum = crc32(new TextEncoder().encode(name), sum);
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum);
  }
  return sum.toString(16).padStart(8, "0");
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as in zip and PNG (polynomial 0xEDB88320), continued from an earlier sum. */
export function crc32(bytes: Uint8Array, start = 0): number {
  let sum = ~start;
  for (let i = 0; i < bytes.length; i++) sum = crcTable[(sum ^ bytes[i]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

function sumOf(bytes: Uint8Array): number {
  return crc32(bytes.subarray(fixedBytes), crc32(bytes.subarray(16, 20)));
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
