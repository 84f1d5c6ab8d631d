import { elementCount, type HostTensor, toStorage } from "@relpos/core";
import { type StoredDType, storedAs, storedDTypes } from "./dtypes.js";

/** A tensor as a file holds it: little-endian bytes, elements in row-major order. */
export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The values of a stored tensor; 64- and 16-bit integers become int32. Errors for integers that do not fit. */
export function toHostTensor({ dtype, shape, bytes }: StoredTensor, name = "tensor"): HostTensor {
  const { size, dtype: own, decode } = storedDTypes[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return { shape, dtype: own, data: decode(aligned, name) };
}

/** A host tensor as a file holds it. float32 that is held in 64 bits is rounded, unless it is stored as F64. */
export function toStoredTensor(value: HostTensor, dtype: StoredDType = storedAs[value.dtype]): StoredTensor {
  const data = dtype === "F64" ? Float64Array.from(value.data) : toStorage(value);
  return { dtype, shape: value.shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Bytes of a tensor of this type and shape. */
export function byteLength(dtype: StoredDType, shape: readonly number[]): number {
  return elementCount(shape) * storedDTypes[dtype].size;
}
