import { check, type DType, type HostTensor } from "@relpos/core";

/** Element types of safetensors files that relpos reads and writes. */
export type StoredDType = keyof typeof storedDTypes;

interface StoredType {
  /** Bytes of one element. */
  readonly size: number;
  /** The element type that its tensors have here. */
  readonly dtype: DType;
  /** Elements as a host tensor holds them. `bytes` begins where an element of this size may begin. */
  readonly decode: (bytes: Uint8Array, name: string) => HostTensor["data"];
}

type Elements = new (
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
) => { readonly BYTES_PER_ELEMENT: number } & ArrayLike<number | bigint>;

function elements<T extends Elements>(type: T, bytes: Uint8Array, size: number): InstanceType<T> {
  return new type(bytes.buffer, bytes.byteOffset, bytes.length / size) as InstanceType<T>;
}

/** As int32, where every value fits. */
function integers(values: ArrayLike<number | bigint>, name: string): Int32Array {
  const result = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint;
    check(value >= -(2 ** 31) && value < 2 ** 31, "safetensors", () => `${name}: values must fit int32, got ${value}`);
    result[i] = Number(value);
  }
  return result;
}

/** Every element type: integers of other sizes become int32, float64 stays exact in a float32 tensor's 64-bit storage. */
export const storedDTypes = {
  F64: { size: 8, dtype: "float32", decode: (bytes) => elements(Float64Array, bytes, 8) },
  F32: { size: 4, dtype: "float32", decode: (bytes) => elements(Float32Array, bytes, 4) },
  F16: { size: 2, dtype: "float16", decode: (bytes) => elements(Uint16Array, bytes, 2) },
  BF16: { size: 2, dtype: "bfloat16", decode: (bytes) => elements(Uint16Array, bytes, 2) },
  I64: { size: 8, dtype: "int32", decode: (bytes, name) => integers(elements(BigInt64Array, bytes, 8), name) },
  I32: { size: 4, dtype: "int32", decode: (bytes) => elements(Int32Array, bytes, 4) },
  I16: { size: 2, dtype: "int32", decode: (bytes, name) => integers(elements(Int16Array, bytes, 2), name) },
  I8: { size: 1, dtype: "int8", decode: (bytes) => elements(Int8Array, bytes, 1) },
  U64: { size: 8, dtype: "int32", decode: (bytes, name) => integers(elements(BigUint64Array, bytes, 8), name) },
  U32: { size: 4, dtype: "int32", decode: (bytes, name) => integers(elements(Uint32Array, bytes, 4), name) },
  U16: { size: 2, dtype: "int32", decode: (bytes, name) => integers(elements(Uint16Array, bytes, 2), name) },
  U8: { size: 1, dtype: "uint8", decode: (bytes) => elements(Uint8Array, bytes, 1) },
  BOOL: { size: 1, dtype: "bool", decode: (bytes) => elements(Uint8Array, bytes, 1) },
} as const satisfies Readonly<Record<string, StoredType>>;

/** How host tensors are stored. */
export const storedAs: Readonly<Record<DType, StoredDType>> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};
