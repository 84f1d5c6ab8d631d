import { type HostTensor, toNumbers } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { evaluate } from "../../evaluate.js";
import { expectClose, type ToleranceContext } from "../../tolerance.js";
import { roundToFloat32 } from "../random-tensors.js";
import { type GradientCase, gradientGraph } from "./gradient-case.js";

/** Errors unless a backend gives the oracle's value and gradients of a case, within the tolerance of composites. */
export async function expectAgreement<A, B>(
  backend: Backend<A>,
  oracle: Backend<B>,
  gradientCase: GradientCase,
): Promise<void> {
  const inputs = gradientCase.inputs.map(roundToFloat32);
  const source = gradientGraph({ ...gradientCase, inputs });
  const [actual, expected] = [await evaluate(backend, source, inputs), await evaluate(oracle, source, inputs)];
  const context = contextOf([...inputs, ...expected]);
  expected.forEach((value, index) => {
    expectClose(actual[index] as HostTensor, value, "composite", context);
  });
}

/** The longest sum there can be, and the largest product of two values. */
function contextOf(values: readonly HostTensor[]): ToleranceContext {
  const largest = Math.max(1, ...values.flatMap((value) => Array.from(toNumbers(value), Math.abs)));
  return { length: Math.max(1, ...values.map(({ data }) => data.length)), magnitude: largest * largest };
}
