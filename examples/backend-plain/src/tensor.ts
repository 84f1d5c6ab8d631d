import { elementCount, type HostTensor, toStorage } from "@relpos/core";
import type { DType, KernelType } from "@relpos/core/backend";

/** Elements in row-major order. */
export type PlainData = Float32Array | Int32Array | Uint8Array;

/** The handle of this backend: a tensor that is never written to once its kernel has returned. */
export interface PlainTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: PlainData;
}

const storage = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const satisfies Partial<Record<DType, new (length: number) => PlainData>>;

/** What this backend can hold; core lets no other dtype reach a kernel. */
export type PlainType = keyof typeof storage;
export const dtypes = Object.keys(storage) as readonly PlainType[];

/** A tensor of zeros, for a kernel to fill. */
export function allocate({ shape, dtype }: KernelType): PlainTensor {
  return { shape, dtype, data: new storage[dtype as PlainType](elementCount(shape)) };
}

/** A copy of a host tensor. Constants may come in 64 bits; `toStorage` rounds them to the dtype. */
export function upload(value: HostTensor): PlainTensor {
  const tensor = allocate(value);
  tensor.data.set(toStorage(value));
  return tensor;
}

/** A copy for the host. */
export function download({ shape, dtype, data }: PlainTensor): HostTensor {
  return { shape, dtype, data: data.slice() };
}
