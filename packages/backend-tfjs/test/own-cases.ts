import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose, type ToleranceClass } from "@relpos/conformance";
import {
  argMax,
  cumSum,
  elementCount,
  expand,
  floor,
  gatherElements,
  type HostTensor,
  less,
  matMul,
  maximum,
  mul,
  pad,
  randomKey,
  randomNormal,
  reduceMax,
  reduceSum,
  reshape,
  runAll,
  slice,
  type Tensor,
  tensor,
  transpose,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";

interface OwnCase {
  readonly inputs: readonly HostTensor[];
  readonly tolerance: ToleranceClass;
  f(...tensors: readonly Tensor[]): readonly Tensor[];
}

const normal = (shape: readonly number[], seed = 1): HostTensor => {
  return tensor(randomNormal(randomKey(seed), elementCount(shape)), shape);
};

const batches = (left: readonly number[], right: readonly number[]): OwnCase => ({
  inputs: [normal(left), normal(right, 2)],
  tolerance: "contraction",
  f: (a, b) => [matMul(a!, b!)],
});

/** What the kit for all backends does not ask: where TensorFlow.js has limits of its own. */
export const ownCases: Readonly<Record<string, OwnCase>> = {
  "tensors of eight axes": {
    inputs: [normal([2, 1, 3, 2, 1, 2, 3, 2]), normal([2, 1, 2, 1, 1, 3, 1], 2)],
    tolerance: "contraction",
    f: (x, y) => [
      transpose(x!, [7, 5, 3, 1, 6, 4, 2, 0]),
      expand(x!, [2, 2, 3, 2, 2, 2, 3, 2]),
      mul(x!, y!),
      less(x!, y!),
      floor(x!),
      slice(x!, { 0: [1, 2], 5: [0, 1], 7: [1, 2] }),
      pad(x!, { 0: [1, 0], 5: [0, 1], 7: [1, 2] }),
      reduceSum(x!, [0, 2, 5, 7]),
    ],
  },
  // XNNPACK, in wasm, remembers the sizes of a matrix by its memory.
  "one tensor as right matrices of several sizes": {
    inputs: [normal([3, 4]), normal([5, 6], 2), normal([4, 6], 3)],
    tolerance: "contraction",
    f: (a, b, x) => [matMul(a!, x!), matMul(b!, reshape(x!, [6, 4])), matMul(a!, x!)],
  },
  "batches of large matrices": batches([5, 48, 32], [5, 32, 40]),
  "one large matrix and a batch": batches([1, 48, 32], [5, 32, 40]),
  "a batch of large matrices and one": batches([5, 48, 32], [1, 32, 40]),
  "batches that broadcast": batches([2, 1, 48, 32], [3, 32, 40]),
  "batches of small matrices that broadcast": batches([2, 3, 4, 5], [3, 5, 2]),
  "the largest of numbers and NaN": {
    inputs: [tensor([1, Number.NaN, 3, Number.NaN, 5, 6], [2, 3])],
    tolerance: "exact",
    f: (x) => [reduceMax(x!, 1), argMax(x!, 1), argMax(x!, 0), maximum(x!, 2)],
  },
  "the largest of numbers that are all very low": {
    inputs: [tensor([-3.4e38, -2e38, -1e30, Number.NEGATIVE_INFINITY], [2, 2])],
    tolerance: "exact",
    f: (x) => [reduceMax(x!, 1), reduceMax(x!)],
  },
  // WebGPU's kernel takes every row that it sums from the end to be as long as the first that it saw.
  "running sums of rows of two lengths, of integers too": {
    inputs: [normal([2, 3]), tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4], "int32")],
    tolerance: "contraction",
    f: (x, y) => [x!, y!].flatMap((rows) => [cumSum(rows, 1, { reverse: true }), cumSum(rows, 0, { exclusive: true })]),
  },
  "integers and truth values, moved": {
    inputs: [tensor([1, 2, 3, 4, 5, 6], [1, 2, 3], "int32"), tensor([1, 0, 0, 1, 1, 0], [3, 1, 2], "bool")],
    tolerance: "exact",
    f: (x, y) => [
      transpose(x!, [2, 0, 1]),
      transpose(y!, [2, 1, 0]),
      gatherElements(
        x!,
        slice(x!, { 2: [0, 1] })
          .sub(2)
          .mul(0),
        2,
      ),
    ],
  },
};

/** Errors unless a backend agrees with the reference. */
export async function expectReference<T>(backend: Backend<T>, { inputs, tolerance, f }: OwnCase): Promise<void> {
  const reference = createReferenceBackend();
  const [actual, expected] = [await runAll(backend, f, ...inputs), await runAll(reference, f, ...inputs)];
  const largest = inputs.flatMap(({ data }) => Array.from(data, Math.abs)).reduce((a, b) => Math.max(a, b), 0);
  const context = { length: Math.max(...inputs.flatMap(({ shape }) => shape)), magnitude: largest * largest };
  actual.forEach((value, index) => {
    expectClose(value, expected[index]!, tolerance, context);
  });
  await reference.close();
}
