import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import type { GpuOperations } from "./operations.js";

/** log x; of 0, infinity and NaN, where a GPU's own logarithm may be any number, |x| − 1/|x| has the same limits. */
export function logarithm(operations: GpuOperations, x: TfjsTensor): TfjsTensor {
  const { abs, and, finite, less, log, notEqual, or, reciprocal, select, sub } = operations;
  const size = abs(x);
  const ordinary = or(less(x, 0), and(finite(x), notEqual(x, 0)));
  return select(ordinary, log(x), sub(size, reciprocal(size)));
}
