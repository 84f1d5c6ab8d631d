import {
  elementCount,
  exactTensor,
  type HostTensor,
  isFloat,
  randomKey,
  randomNormal,
  randomUniform,
  tensor,
} from "@relpos/core";

/** Gaussian values held in 64 bits, the same for the same seed. */
export function gaussian(shape: readonly number[], seed: number | string = 0): HostTensor {
  return exactTensor(randomNormal(randomKey(seed), elementCount(shape)), shape);
}

/** Values between two bounds, for functions that are not defined everywhere. */
export function between(low: number, high: number, shape: readonly number[], seed: number | string = 0): HostTensor {
  const values = randomUniform(randomKey(seed), elementCount(shape)).map((x) => low + (high - low) * x);
  return exactTensor(values, shape);
}

/** Values of either sign that keep away from 0, where derivatives of |x| and the like jump. */
export function apart(shape: readonly number[], seed: number | string = 0): HostTensor {
  return exactTensor(gaussian(shape, seed).data.map((x) => x + Math.sign(x) * 0.25) as Float64Array, shape);
}

export function integers(values: readonly number[], shape: readonly number[]): HostTensor {
  return tensor(values, shape, "int32");
}

export function booleans(values: readonly number[], shape: readonly number[]): HostTensor {
  return tensor(values, shape, "bool");
}

/** Values that a float32 backend can hold as well, in 64 bits. */
export function roundToFloat32(value: HostTensor): HostTensor {
  return isFloat(value.dtype) ? exactTensor(Float64Array.from(value.data, Math.fround), value.shape) : value;
}
