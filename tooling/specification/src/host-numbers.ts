import { gaussian } from "@relpos/conformance/cases";
import { exactTensor, type HostTensor } from "@relpos/core";

/** Numbers in 64 bits; one row of them where no shape is given. */
export const exact = (values: ArrayLike<number>, shape: readonly number[] = [values.length]): HostTensor =>
  exactTensor(values, shape);

/** One value everywhere, in 64 bits. */
export function constantOf(value: number, shape: readonly number[]): HostTensor {
  return exact(new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(value), shape);
}

/** A function of every element, in 64 bits. */
export function mapped(given: HostTensor, f: (value: number, index: number) => number): HostTensor {
  return exact(Float64Array.from(given.data, f), given.shape);
}

/** 0, 1, … or any whole numbers from a first one on. */
export const range = (count: number, first = 0): readonly number[] =>
  Array.from({ length: count }, (_, i) => first + i);

export const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  sum(Array.from(a, (value, index) => value * (b[index] as number)));

/** The largest difference of two tensors' values. */
export function largestDifference(a: HostTensor, b: HostTensor): number {
  return Math.max(0, ...Array.from(a.data, (value, index) => Math.abs(value - (b.data[index] as number))));
}

/** A random skew matrix [size, size], each element times a factor. */
export function skewMatrix(size: number, seed: string, factor = 1): HostTensor {
  const raw = gaussian([size, size], seed);
  return mapped(raw, (value, index) => {
    const [i, j] = [Math.floor(index / size), index % size];
    return factor * (value - (raw.data[j * size + i] as number));
  });
}

/** The identity matrix [size, size]. */
export function identity(size: number): HostTensor {
  return mapped(constantOf(0, [size, size]), (_, index) => (index % (size + 1) === 0 ? 1 : 0));
}
