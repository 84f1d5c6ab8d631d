import { type DType, type HostTensor, type PrimitiveName, type TensorSpec, toNumbers, trace } from "@relpos/core";
import type { ConformanceCase } from "../../case.js";
import { evaluate } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { binaryCalls } from "./binary-calls.js";
import { movementCalls } from "./movement-calls.js";
import { otherCalls } from "./other-calls.js";
import type { PrimitiveCall } from "./primitive-call.js";
import { reductionCalls } from "./reduction-calls.js";
import { unaryCalls } from "./unary-calls.js";

/** Calls of every primitive. A missing row does not compile. */
const calls: { readonly [N in PrimitiveName]: readonly PrimitiveCall[] } = {
  ...unaryCalls,
  ...binaryCalls,
  ...movementCalls,
  ...otherCalls,
  ...reductionCalls,
};

/** Every primitive, in the order of the documentation. */
export const primitiveNames: readonly PrimitiveName[] = Object.keys(calls) as PrimitiveName[];

/** Every primitive with every element type agrees with the oracle. */
export const primitiveCases: readonly ConformanceCase[] = primitiveNames.flatMap((primitive) =>
  calls[primitive].flatMap((call) => call.dtypes.map((dtype) => primitiveCase(primitive, call, dtype))),
);

function primitiveCase(primitive: PrimitiveName, call: PrimitiveCall, dtype: DType): ConformanceCase {
  const graph = (inputs: readonly HostTensor[]) => {
    const specs = inputs.map((value, index): TensorSpec => ({ ...value, shape: call.shapes?.[index] ?? value.shape }));
    return trace((...tensors) => call.f(tensors, dtype), ...specs);
  };
  return {
    name: `primitive/${primitive}/${dtype}/${call.details}`,
    group: "primitive",
    quick: call.quick?.includes(dtype) ?? false,
    dtypes: [...new Set([dtype, ...(call.others ?? [])])],
    run: async ({ backend, oracle }) => {
      const inputs = call.inputs(dtype);
      const source = graph(inputs);
      const [actual] = await evaluate(backend, source, inputs);
      const [expected] = await evaluate(oracle, source, inputs);
      const operands = call.running ? [expected as HostTensor] : inputs;
      const context = { length: call.length ?? 1, magnitude: operands.map(largest).reduce((a, b) => a * b, 1) };
      expectClose(actual as HostTensor, expected as HostTensor, call.tolerance, context);
    },
  };
}

/** The largest absolute value that is finite. */
function largest(value: HostTensor): number {
  return Array.from(toNumbers(value), Math.abs)
    .filter(Number.isFinite)
    .reduce((a, b) => Math.max(a, b), 0);
}
