import {
  type CompositeNode,
  check,
  type DType,
  type Graph,
  type HostTensor,
  inline,
  type TensorSpec,
  trace,
} from "@relpos/core";
import { type Backend, callOf } from "@relpos/core/backend";
import type { CaseContext, ConformanceCase } from "../../case.js";
import { evaluate, runOn, withExecutable } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { attentionCalls } from "./attention-calls.js";
import { cacheCalls } from "./cache-calls.js";
import type { CompositeCall } from "./composite-call.js";
import { type CompositeName, compositeNames } from "./composite-name.js";
import { elementwiseCalls } from "./elementwise-calls.js";
import { productCalls } from "./product-calls.js";
import { relativeCalls } from "./relative-calls.js";
import { rowCalls } from "./row-calls.js";

/** Calls of every composite. A missing row does not compile. */
export const compositeCalls: { readonly [N in CompositeName]: readonly CompositeCall[] } = {
  ...elementwiseCalls,
  ...rowCalls,
  ...productCalls,
  ...attentionCalls,
  ...cacheCalls,
  ...relativeCalls,
};

/**
 * A composite that the backend claims is really in what it runs, and agrees with its own decomposition there and with
 * the oracle; one that it does not claim is not in what it runs, which agrees with the oracle.
 */
export const compositeCases: readonly ConformanceCase[] = compositeNames.flatMap((composite) =>
  compositeCalls[composite].flatMap((call) =>
    call.dtypes.map(
      (dtype, index): ConformanceCase => ({
        name: `composite/${composite}/${dtype}/${call.details}`,
        group: "composite",
        quick: call.quick && index === 0,
        dtypes: [dtype, ...(call.others ?? [])],
        run: (context) => checkCall(context, composite, call, dtype),
      }),
    ),
  ),
);

/** The graph of a call with inputs like the values. */
export function graphOf(call: CompositeCall, values: readonly HostTensor[]): Graph {
  const specs = values.map((value, index): TensorSpec => ({ ...value, shape: call.shapes?.[index] ?? value.shape }));
  return trace((...tensors) => call.f(tensors), ...specs);
}

async function checkCall(
  { backend, oracle }: CaseContext,
  composite: CompositeName,
  call: CompositeCall,
  dtype: DType,
): Promise<void> {
  const values = call.inputs(dtype);
  const source = graphOf(call, values);
  const decomposed = inline(source, () => true);
  const claimed = isClaimed(backend, composite, source);
  const actual = await withExecutable(backend, source, {}, (executable) => {
    checkClaims(backend, executable.graph, composite, claimed);
    return runOn(backend, executable, source.inputs, values);
  });
  const given = claimed ? call : { ...call, tolerance: "composite" as const };
  expectAll(actual, await evaluate(oracle, decomposed, values), given);
  if (claimed) expectAll(actual, await evaluate(backend, decomposed, values), given);
}

/** Errors unless the composites that a backend runs are those that it claims. */
function checkClaims(backend: Backend, executed: Graph, composite: CompositeName, claimed: boolean): void {
  const running = compositesOf(executed);
  check(running.some((node) => node.op === composite) === claimed, composite, () => {
    return claimed ? "is claimed, but decomposed in what runs" : "is not claimed, but in what runs";
  });
  for (const node of running) check(claims(backend, node), node.op, () => "is not claimed, but in what runs");
}

/** Whether a backend runs a composite of a graph fused. */
export function isClaimed(backend: Backend, composite: CompositeName, source: Graph): boolean {
  return compositesOf(source).some((node) => node.op === composite && claims(backend, node));
}

const compositesOf = ({ nodes }: Graph): readonly CompositeNode[] => nodes.filter((node) => node.kind === "composite");

const claims = (backend: Backend, node: CompositeNode): boolean => backend.supports?.(callOf(node)) ?? false;

function expectAll(
  actual: readonly HostTensor[],
  expected: readonly HostTensor[],
  { length, magnitude, tolerance = "composite" }: CompositeCall,
): void {
  expected.forEach((value, index) => {
    expectClose(actual[index] as HostTensor, value, tolerance, { length, magnitude });
  });
}
