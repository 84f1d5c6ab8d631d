import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import { logarithm } from "./logarithm.js";
import type { GpuOperations } from "./operations.js";

/**
 * x^y by IEEE 754: a GPU's power is right where x is neither 0 nor infinite and y is finite. Elsewhere it is the limit
 * e^(y·log|x|), negative where x is and y is odd; x⁰ and 1^y are 1, NaN not excepted, and so is (−1)^±∞.
 */
export function power(operations: GpuOperations, x: TfjsTensor, y: TfjsTensor): TfjsTensor {
  const { abs, add, and, equal, exp, finite, floor, infinite, less, mul, neg, notANumber, notEqual } = operations;
  const { or, pow, reciprocal, select, sub } = operations;
  if (x.dtype === "int32") return pow(x, y);
  const size = abs(x);
  const limit = exp(mul(y, logarithm(operations, size)));
  const negative = or(less(x, 0), less(reciprocal(x), 0));
  const odd = equal(sub(y, mul(floor(mul(y, 0.5)), 2)), 1);
  const ordinary = and(and(finite(x), notEqual(x, 0)), finite(y));
  const number = select(ordinary, pow(x, y), select(and(negative, odd), neg(limit), limit));
  const one = or(or(equal(y, 0), equal(x, 1)), and(equal(size, 1), infinite(y)));
  return select(one, 1, select(or(notANumber(x), notANumber(y)), add(x, y), number));
}
