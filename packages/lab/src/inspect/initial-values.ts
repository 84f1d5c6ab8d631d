import { foldIn, randomKey, toNumbers } from "@relpos/core";
import type { ParameterSpec } from "@relpos/core/nn";
import { shortNumber } from "../report/numbers.js";

/** What kind of values a parameter begins with, found by looking at them. */
export type InitialValues =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "fixed"; readonly lowest: number; readonly highest: number }
  | { readonly kind: "uniform"; readonly lowest: number; readonly highest: number }
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number };

const enoughSamples = 2048;
const mostSamples = 20_000;

/** The kind of a parameter's initial values: all equal, the same under every key, uniform or Gaussian. */
export function initialValuesOf({ initialize, shape }: ParameterSpec): InitialValues {
  const drawn = (index: number): readonly number[] => {
    const values = toNumbers(initialize(foldIn(randomKey("initial values"), index), shape));
    return Array.from({ length: Math.min(values.length, mostSamples) }, (_, i) => values[i]!);
  };
  const first = drawn(0);
  const second = drawn(1);
  const value = first[0] ?? 0;
  const same = first.every((x, index) => x === second[index]);
  if (same && first.every((x) => x === value)) return { kind: "constant", value };
  if (same) return { kind: "fixed", lowest: least(first), highest: most(first) };
  const samples = [...first];
  for (let index = 1; samples.length < enoughSamples; index++) samples.push(...drawn(index));
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const deviation = Math.sqrt(samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / samples.length);
  const [lowest, highest] = [least(samples), most(samples)];
  // Uniform values end at √3 deviations from their mean; of 2,048 Gaussian ones some are farther than 3.
  if (highest - lowest < 4 * deviation) return { kind: "uniform", lowest, highest };
  return { kind: "normal", mean: Math.abs(mean) < deviation / 10 ? 0 : mean, deviation };
}

/** Initial values in words: `Gaussian, deviation 0.02`. */
export function initialWords(initial: InitialValues): string {
  return words[initial.kind](initial as never);
}

const words: { readonly [K in InitialValues["kind"]]: (values: Extract<InitialValues, { kind: K }>) => string } = {
  constant: ({ value }) => (value === 0 ? "zeros" : value === 1 ? "ones" : `all ${shortNumber(value)}`),
  fixed: ({ lowest, highest }) => `fixed values from ${shortNumber(lowest)} to ${shortNumber(highest)}`,
  uniform: ({ lowest, highest }) => {
    // Samples end a little short of the bounds: 0.9995 is a range of 1.
    const unit = 10 ** (Math.floor(Math.log10(1.01 * (highest - lowest))) - 2);
    const [from, to] = [lowest, highest].map((end) => shortNumber(Math.round(end / unit) * unit));
    return `uniform from ${from} to ${to}`;
  },
  normal: ({ mean, deviation }) =>
    `Gaussian, ${mean === 0 ? "" : `mean ${coarse(mean)}, `}deviation ${coarse(deviation)}`,
};

/** Two digits: as many as a sample gives. */
function coarse(value: number): string {
  return shortNumber(Number(value.toPrecision(2)));
}

function least(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}
