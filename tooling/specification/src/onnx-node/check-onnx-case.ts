import { expectClose, type ToleranceContext } from "@relpos/conformance";
import { runOn } from "@relpos/conformance/cases";
import { check, graph, type HostTensor, Tensor, toNumbers } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { OnnxValue } from "./call.js";
import { interpret } from "./interpret.js";
import type { OnnxCase } from "./onnx-case.js";
import { operations } from "./operations.js";

/** Errors unless a backend gives every output of a case through relpos's operations. */
export async function checkOnnxCase(backend: Backend, { graph: model, inputs, outputs }: OnnxCase): Promise<void> {
  const fed = [...inputs].map(([name, known]): [string, OnnxValue & { known: HostTensor }] => [
    name,
    { tensor: Tensor.input({ shape: known.shape, dtype: known.dtype }, name), known },
  ]);
  const results = interpret(model, new Map(fed));
  const tensors = fed.map(([, { tensor }]) => tensor);
  const executable = await backend.compile(graph(tensors, results));
  try {
    const values = fed.map(([, { known }]) => known);
    const actual = await runOn(backend, executable, tensors, values);
    const tolerance = operations[model.node[0]?.opType ?? ""]?.tolerance ?? "exact";
    model.output.forEach(({ name }, index) => {
      const expected = outputs.get(name);
      check(expected, "onnx", () => `the data must have output ${name}, got ${[...outputs.keys()]}`);
      expectClose(actual[index] as HostTensor, expected, tolerance, contextOf([...inputs.values()]));
    });
  } finally {
    await executable.close();
  }
}

/** The longest sum there can be, and the largest product of two values that are fed. */
function contextOf(values: readonly HostTensor[]): ToleranceContext {
  const largest = values.flatMap((value) => Array.from(toNumbers(value), Math.abs)).filter(Number.isFinite);
  const magnitude = largest.reduce((a, b) => Math.max(a, b), 1);
  return { length: Math.max(1, ...values.map(({ data }) => data.length)), magnitude: magnitude * magnitude };
}
