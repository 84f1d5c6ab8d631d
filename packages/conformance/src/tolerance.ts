import { check, type DType, elementCount, type HostTensor, RelposError, toNumbers, toStorage } from "@relpos/core";

/** An actual value a agrees with an expected value e when |a − e| ≤ absolute + relative · |e|. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** What a tolerance may depend on besides the class of the operation. */
export interface ToleranceContext {
  /** Longest sum inside, K. Default is 1. */
  readonly length?: number;
  /** Largest absolute left operand times largest absolute right operand of those sums. Default is 1. */
  readonly magnitude?: number;
  /** How far float32 arithmetic takes a reference implementation from its own float64 result. Default is 0. */
  readonly noise?: number;
}

/**
 * How closely operations must agree with the oracle, by class and by ε, the distance from 1 to the next number of the
 * dtype. A test names a class and never writes an epsilon of its own.
 *
 * | class | operations |
 * |---|---|
 * | exact | movement, gather, comparisons, casts, max, constants |
 * | arithmetic | add sub mul div neg sqrt |
 * | transcendental | exp log sin cos tanh erf pow |
 * | contraction | matMul reduceSum cumSum, sums of `length` products |
 * | composite | norms, softmax, rotary embeddings, attention |
 * | rounded8 | products whose left side may be rounded to 8 bits, sums of `length` products |
 * | gradient | central differences of the oracle, h = 5e-6 |
 * | training | losses of the first 20 steps on another backend |
 * | golden | what a reference implementation computed in float64, against the oracle |
 * | goldenSingle | the same where the reference itself rounded to float32 on the way |
 * | goldenFloat32 | the same against a float32 backend: 8 × the reference's own `noise` in float32 |
 * | shift | logits of about 10 with all positions moved, up to a million |
 */
export const tolerances = {
  exact: () => ({ relative: 0, absolute: 0 }),
  arithmetic: (epsilon) => ({ relative: 4 * epsilon, absolute: 0 }),
  transcendental: (epsilon) => ({ relative: 32 * epsilon, absolute: 16 * epsilon }),
  contraction: (epsilon, context) => ({ relative: 4 * epsilon, absolute: roundingOfSum(epsilon, context) }),
  composite: (epsilon, context) => ({ relative: 64 * epsilon, absolute: roundingOfSum(epsilon, context) }),
  rounded8: (_, { length = 1, magnitude = 1 }) => ({ relative: 0, absolute: (Math.sqrt(length) * magnitude) / 127 }),
  gradient: () => ({ relative: 1e-6, absolute: 1e-8 }),
  training: () => ({ relative: 0, absolute: 1e-5 }),
  golden: () => ({ relative: 0, absolute: 1e-9 }),
  goldenSingle: () => ({ relative: 0, absolute: 1e-6 }),
  goldenFloat32: (_, { noise = 0 }) => ({ relative: 0, absolute: 8 * noise + 1e-6 }),
  shift: () => ({ relative: 0, absolute: 8e-5 }),
} as const satisfies Record<string, (epsilon: number, context: ToleranceContext) => Tolerance>;

export type ToleranceClass = keyof typeof tolerances;

/** 4ε·√K × largest |a| × largest |b|. */
function roundingOfSum(epsilon: number, { length = 1, magnitude = 1 }: ToleranceContext): number {
  return 4 * epsilon * Math.sqrt(length) * magnitude;
}

const epsilons: Readonly<Record<DType, number>> = {
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  int32: 0,
  int8: 0,
  uint8: 0,
  bool: 0,
};

/** The distance from 1 to the next number in which a tensor is held; that of float64 for an exact float32 tensor. */
export function epsilonOf(value: HostTensor): number {
  return value.data instanceof Float64Array ? Number.EPSILON : epsilons[value.dtype];
}

/** The elements that do not agree: how many, and the one that is worst. */
export interface Violations {
  readonly count: number;
  /** Where the worst one is, an index for each axis. */
  readonly index: readonly number[];
  readonly actual: number;
  readonly expected: number;
  /** |actual − expected|; infinite where a NaN or an infinity has no counterpart. */
  readonly error: number;
  /** What the error may be. */
  readonly allowed: number;
}

/**
 * The elements of `actual` that do not agree with `expected`, or undefined when all do.
 *
 * Expected values are first rounded to the type in which the actual ones are held; ε is the coarser of the two tensors'.
 * NaN agrees with NaN only, an infinity only with the one of its sign. Errors when shapes or dtypes differ.
 */
export function violations(
  actual: HostTensor,
  expected: HostTensor,
  toleranceClass: ToleranceClass,
  context: ToleranceContext = {},
): Violations | undefined {
  checkSameType(actual, expected);
  const { relative, absolute } = tolerances[toleranceClass](Math.max(epsilonOf(actual), epsilonOf(expected)), context);
  const [actuals, expecteds] = [toNumbers(actual), roundedLike(expected, actual)];
  let count = 0;
  let worst: (Omit<Violations, "count" | "index"> & { place: number }) | undefined;
  for (let place = 0; place < actuals.length; place++) {
    const [a, e] = [actuals[place]!, expecteds[place]!];
    const error = distance(a, e);
    const allowed = Number.isFinite(e) ? absolute + relative * Math.abs(e) : 0;
    if (error <= allowed) continue;
    count++;
    if (!worst || error - allowed > worst.error - worst.allowed)
      worst = { place, actual: a, expected: e, error, allowed };
  }
  if (!worst) return undefined;
  const { place, ...rest } = worst;
  return { count, index: indexOf(place, actual.shape), ...rest };
}

/** Errors unless every element agrees, telling how many do not and which is worst. */
export function expectClose(
  actual: HostTensor,
  expected: HostTensor,
  toleranceClass: ToleranceClass,
  context: ToleranceContext = {},
): void {
  const found = violations(actual, expected, toleranceClass, context);
  if (!found) return;
  const { count, index, error, allowed } = found;
  throw new RelposError(
    "expectClose",
    `${count} of ${actual.data.length} elements disagree (${toleranceClass}, ${actual.dtype} [${actual.shape}]); ` +
      `worst at [${index}]: expected ${found.expected} ± ${allowed}, got ${found.actual}, off by ${error}`,
  );
}

function checkSameType(actual: HostTensor, expected: HostTensor): void {
  check(actual.dtype === expected.dtype, "expectClose", () => `dtype must be ${expected.dtype}, got ${actual.dtype}`);
  const sameShape =
    actual.shape.length === expected.shape.length && actual.shape.every((size, axis) => size === expected.shape[axis]);
  check(sameShape, "expectClose", () => `shape must be [${expected.shape}], got [${actual.shape}]`);
  const count = elementCount(actual.shape);
  check(actual.data.length === count, "expectClose", () => {
    return `shape [${actual.shape}] needs ${count} elements, got ${actual.data.length}`;
  });
}

/** The numbers of a tensor after rounding to the storage of another. */
function roundedLike(value: HostTensor, other: HostTensor): ArrayLike<number> {
  if (other.data instanceof Float64Array) return toNumbers(value);
  return toNumbers({ ...value, data: toStorage(value) });
}

function distance(a: number, e: number): number {
  if (a === e || (Number.isNaN(a) && Number.isNaN(e))) return 0;
  return Number.isFinite(a) && Number.isFinite(e) ? Math.abs(a - e) : Number.POSITIVE_INFINITY;
}

function indexOf(place: number, shape: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = place;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
