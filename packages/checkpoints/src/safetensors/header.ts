import { check, RelposError } from "@relpos/core";
import { type StoredDType, storedDTypes } from "./dtypes.js";
import { byteLength } from "./stored-tensor.js";
import { duplicateKey } from "./unique-keys.js";

/** Where a tensor lies in a file. */
export interface TensorEntry {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes before the header: its length. */
export const prefixLength = 8;

/** The reference implementation's limit. */
const longestHeader = 100_000_000;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The header's length from a file's first eight bytes. Errors when it does not fit the file. */
export function headerLength(name: string, prefix: Uint8Array, fileSize: number): number {
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefix.length).getBigUint64(0, true);
  check(length <= BigInt(Math.min(longestHeader, fileSize - prefixLength)), "safetensors", () => {
    return `${name}: header length must fit the file of ${fileSize} bytes and be at most ${longestHeader}, got ${length}`;
  });
  return Number(length);
}

/**
 * Reads a header and checks it as the format's reference implementation does: a JSON object without duplicate names, known
 * element types, shapes that fit their bytes, and tensors that cover the rest of the file without holes or overlap.
 */
export function parseHeader(name: string, header: Uint8Array, fileSize: number): SafetensorsHeader {
  const fields = parseObject(name, header);
  const dataStart = prefixLength + header.length;
  const { __metadata__: metadata = {}, ...entries } = fields;
  check(
    isFields(metadata) && Object.values(metadata).every((value) => typeof value === "string"),
    "safetensors",
    () => {
      return `${name}: __metadata__ must map strings to strings, got ${JSON.stringify(metadata)}`;
    },
  );
  const tensors = new Map(
    Object.entries(entries).map(([tensor, entry]) => [tensor, parseEntry(`${name}: ${tensor}`, entry, dataStart)]),
  );
  checkCoverage(name, tensors, dataStart, fileSize);
  return { tensors, metadata: metadata as Readonly<Record<string, string>> };
}

function parseObject(name: string, header: Uint8Array): Fields {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
    value = JSON.parse(text);
  } catch (error) {
    const message = `${name}: header must be JSON in UTF-8: ${(error as Error).message}`;
    throw new RelposError("safetensors", message, { cause: error });
  }
  check(isFields(value) && text.startsWith("{"), "safetensors", () => `${name}: header must be a JSON object`);
  const twice = duplicateKey(text);
  check(twice === undefined, "safetensors", () => `${name}: names must differ, got ${twice} twice`);
  return value;
}

function parseEntry(name: string, entry: unknown, dataStart: number): TensorEntry {
  check(isFields(entry), "safetensors", () => `${name} must be an object, got ${JSON.stringify(entry)}`);
  const { dtype, shape, data_offsets: offsets } = entry;
  check(typeof dtype === "string" && Object.hasOwn(storedDTypes, dtype), "safetensors", () => {
    return `${name}: dtype must be one of ${Object.keys(storedDTypes).join(", ")}, got ${JSON.stringify(dtype)}`;
  });
  check(Array.isArray(shape) && shape.every(isSize), "safetensors", () => {
    return `${name}: shape must be a list of sizes, got ${JSON.stringify(shape)}`;
  });
  check(Array.isArray(offsets) && offsets.length === 2 && offsets.every(isSize), "safetensors", () => {
    return `${name}: data_offsets must be two offsets, got ${JSON.stringify(offsets)}`;
  });
  const [start = 0, end = 0] = offsets as readonly number[];
  const expected = byteLength(dtype as StoredDType, shape);
  check(end - start === expected, "safetensors", () => {
    return `${name}: ${dtype} of shape [${shape}] must have ${expected} bytes, got ${end - start}`;
  });
  return { dtype: dtype as StoredDType, shape, offset: dataStart + start, length: end - start };
}

function checkCoverage(
  name: string,
  tensors: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  fileSize: number,
): void {
  const byOffset = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let end = dataStart;
  for (const [tensor, { offset, length }] of byOffset) {
    const fault = offset < end ? "overlaps the tensor before it" : "leaves a hole before it";
    check(offset === end, "safetensors", () => `${name}: ${tensor} ${fault}: must begin at byte ${end}, got ${offset}`);
    end = offset + length;
  }
  check(
    end === fileSize,
    "safetensors",
    () => `${name}: tensors must end with the file at byte ${fileSize}, got ${end}`,
  );
}
