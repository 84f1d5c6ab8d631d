import { foldIn, randomKey, randomNormal, randomUniform } from "../random/random.js";
import type { RandomKey } from "../random/threefry.js";
import type { DType } from "../tensor/dtype.js";
import { elementCount, type HostTensor, tensor } from "../tensor/host-tensor.js";
import { Tensor } from "../tensor/tensor.js";

/** Values by name, names as paths: `layers.0.attention.query.weight`. */
export type Named<T> = Readonly<Record<string, T>>;

/** Initial values of a parameter, from a key of its own. */
export type Initializer = (key: RandomKey, shape: readonly number[]) => HostTensor;

/** A parameter before it has values. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly initialize: Initializer;
  /** Default "float32". */
  readonly dtype?: DType;
  /** Whether weight decay pulls at it. Default: that of matrices, not of vectors. */
  readonly decay?: boolean;
}

export type ParameterSpecs = Named<ParameterSpec>;

/** Gaussian values of a standard deviation around a mean. */
export function normal(deviation: number, mean = 0): Initializer {
  return (key, shape) =>
    tensor(
      randomNormal(key, elementCount(shape)).map((x) => mean + x * deviation),
      shape,
    );
}

/** Uniform values in [−bound, bound). */
export function uniform(bound: number): Initializer {
  return (key, shape) =>
    tensor(
      randomUniform(key, elementCount(shape)).map((x) => (2 * x - 1) * bound),
      shape,
    );
}

/** Uniform values in [low, high). */
export function uniformBetween(low: number, high: number): Initializer {
  return (key, shape) =>
    tensor(
      randomUniform(key, elementCount(shape)).map((x) => low + (high - low) * x),
      shape,
    );
}

/** One value everywhere. */
export function filled(value: number): Initializer {
  return (_, shape) => tensor(new Float64Array(elementCount(shape)).fill(value), shape);
}

export const zeros: Initializer = filled(0);
export const ones: Initializer = filled(1);

/**
 * Initial values of all parameters. Each depends on the seed, its own name and its shape only: two models have the same
 * initial weights wherever their names and shapes agree.
 */
export function initializeParameters(specs: ParameterSpecs, seed: number): Named<HostTensor> {
  const key = randomKey(seed);
  return mapNamed(specs, ({ shape, initialize }, name) => initialize(foldIn(key, name), shape));
}

/** Graph inputs for all parameters. */
export function parameterInputs(specs: ParameterSpecs): Named<Tensor> {
  return mapNamed(specs, ({ shape, dtype = "float32" }, name) => Tensor.input({ shape, dtype }, name));
}

/** Number of trained numbers. */
export function parameterCount(specs: ParameterSpecs): number {
  return Object.values(specs).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** The same names with other values. */
export function mapNamed<A, B>(values: Named<A>, map: (value: A, name: string) => B): Named<B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}

/** Names with a prefix put before them: `prefix.name`. */
export function prefixed<T>(prefix: string, values: Named<T>): Named<T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** Values whose names begin with `prefix.`, without it. */
export function scoped<T>(prefix: string, values: Named<T>): Named<T> {
  const start = `${prefix}.`;
  const entries = Object.entries(values).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(start.length), value]));
}
