import {
  add,
  check,
  constant,
  type Graph,
  type HostTensor,
  matMul,
  mul,
  reduceSum,
  sub,
  type Tensor,
  tanh,
  tensor,
  trace,
} from "@relpos/core";
import type { Backend, Executable } from "@relpos/core/backend";
import type { CaseContext, ConformanceCase } from "../../case.js";
import { within } from "../primitive/values.js";

/** A case of the group `lifecycle`, which is in the quick set. */
export function lifecycle(
  subject: string,
  details: string,
  run: (context: CaseContext) => Promise<void>,
): ConformanceCase {
  return { name: `lifecycle/${subject}/${details}`, group: "lifecycle", quick: true, dtypes: ["float32"], run };
}

/** left − right·right, elements of [2, 2]. */
export function difference(): Graph {
  const type = { shape: [2, 2], dtype: "float32" } as const;
  return trace((left, right) => sub(left, mul(right, right)), { ...type, name: "left" }, { ...type, name: "right" });
}

/** A computation that takes a while: the sum of a chain of products of size×size matrices, a constant one among them. */
export function longChain(size: number): Graph {
  const factor = constant(within(-0.1, 0.1)([size, size], "float32", 1));
  const multiply = (x: Tensor): Tensor => {
    const product = Array.from({ length: 32 }).reduce<Tensor>((y) => tanh(matMul(y, x)), x);
    return reduceSum(add(product, matMul(product, factor)));
  };
  return trace(multiply, { shape: [size, size], dtype: "float32" });
}

/** A matrix [2, 2] of one number. */
export const filled = (value: number): HostTensor => tensor([value, value, value, value], [2, 2]);

/** What to feed: handles in the order of the graph's inputs. */
export function feeds<T>(graph: Graph, handles: readonly T[]): ReadonlyMap<Tensor, T> {
  return new Map(handles.map((handle, index) => [graph.inputs[index] as Tensor, handle]));
}

/** Uploads one number to each input of `difference`, runs, and returns the output's. Leaves nothing. */
export async function differenceOf<T>(
  backend: Backend<T>,
  executable: Executable<T>,
  left: number,
  right: number,
): Promise<number> {
  const handles = [await backend.upload(filled(left)), await backend.upload(filled(right))];
  const outputs = await executable.run(feeds(executable.graph, handles));
  const { data } = await backend.download(outputs[0] as T);
  for (const handle of [...handles, ...outputs]) backend.dispose(handle);
  check(new Set(data).size === 1, "conformance", () => `elements must be equal, got ${data}`);
  return data[0] as number;
}

/** Errors unless a number is as expected. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  check(Object.is(actual, expected), "conformance", () => `${what} must be ${expected}, got ${actual}`);
}

/** Errors unless work fails; returns its error. */
export async function failureOf(work: Promise<unknown>, what: string): Promise<unknown> {
  const outcome = await work.then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  );
  check(outcome, "conformance", () => `${what} must be an error`);
  return outcome.reason;
}

/** Errors unless work fails with an error that mentions a text. */
export async function expectFailure(work: Promise<unknown>, what: string, mentioned = ""): Promise<void> {
  const reason = await failureOf(work, what);
  check(reason instanceof Error, "conformance", () => `${what} must be an Error, got ${reason}`);
  check(reason.message.includes(mentioned), "conformance", () => {
    return `the error of ${what} must mention ${mentioned}, got "${reason.message}"`;
  });
}

/**
 * Errors unless the backend holds as many tensors after the work as before. What an aborted run leaves may come late: it
 * gets so many milliseconds.
 */
export async function leavesNothing(backend: Backend, work: () => Promise<void>, patience = 0): Promise<void> {
  const { tensors: before } = await backend.memory();
  await work();
  const deadline = performance.now() + patience;
  let { tensors } = await backend.memory();
  while (tensors !== before && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ({ tensors } = await backend.memory());
  }
  expectEqual(tensors, before, "the number of tensors held");
}
