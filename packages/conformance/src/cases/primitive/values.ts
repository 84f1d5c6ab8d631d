import {
  type DType,
  elementCount,
  type HostTensor,
  isFloat,
  randomIntegers,
  randomKey,
  randomUniform,
  tensor,
} from "@relpos/core";
import { integerRange } from "@relpos/core/backend";

export type Shape = readonly number[];

/** Values of a type, the same for the same seed. */
export type Make = (shape: Shape, dtype: DType, seed?: number) => HostTensor;

/** Numbers from low to high, both of them among the whole ones. */
export const within =
  (low: number, high: number): Make =>
  (shape, dtype, seed = 0) => {
    const [key, count] = [randomKey(seed), elementCount(shape)];
    const drawn = isFloat(dtype)
      ? randomUniform(key, count).map((x) => low + (high - low) * x)
      : randomIntegers(key, count, low, high + 1);
    return tensor(drawn, shape, dtype);
  };

const real = within(-2, 2);
const whole = within(-6, 6);
const natural = within(0, 12);
const truth = within(0, 1);

/** Ordinary values: of either sign where the type has signs, so small that no product of two overflows. */
export const values: Make = (shape, dtype, seed) =>
  (dtype === "bool" ? truth : dtype === "uint8" ? natural : isFloat(dtype) ? real : whole)(shape, dtype, seed);

/** Values from ½, or of whole types from 1. */
export const positive: Make = (shape, dtype, seed) =>
  (isFloat(dtype) ? within(0.5, 2) : within(1, 3))(shape, dtype, seed);

/** Positive values, every other one negated where the type has signs: none is 0. */
export const nonzero: Make = (shape, dtype, seed) => {
  const { data } = positive(shape, isFloat(dtype) ? "float32" : dtype, seed);
  const signed = Array.from(data, (x, index) => (index % 2 === 1 && dtype !== "uint8" ? -x : x));
  return tensor(signed, shape, dtype);
};

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** NaN, infinities, zeros of both signs. */
export const limits: readonly number[] = [nan, infinity, -infinity, -0, 0];

/** Those with ordinary numbers, and with large and small ones that are still normal in float32. */
export const specialNumbers: readonly number[] = [...limits, 1, -1, 2.5, 1e30, 1e-30];

/** The ends of an integer type and some numbers between: sums and products of most pairs wrap around. */
export function edgeNumbers(dtype: DType): readonly number[] {
  const { lowest, highest } = integerRange[dtype] as { readonly lowest: number; readonly highest: number };
  const inner = [-16777217, -65536, -7, -1, 0, 1, 7, 100, 65537, 16777217];
  return [lowest, lowest + 1, ...inner.filter((x) => x > lowest + 1 && x < highest - 1), highest - 1, highest];
}
