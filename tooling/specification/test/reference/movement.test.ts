import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { dimension, exactTensor, type HostTensor, positions, run, tensor, trace } from "@relpos/core";
import { describe, expect, test } from "vitest";

const backend = createReferenceBackend();

/** 0, 1, 2, … */
function numbered(...shape: number[]): HostTensor {
  return exactTensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index),
    shape,
  );
}

/** Runs a function whose first axis is named, so that nothing is known when the graph is made. */
async function runNamed(
  f: (x: core.Tensor, sequence: core.Dim) => core.Tensor,
  value: HostTensor,
): Promise<HostTensor> {
  const sequence = dimension("sequence");
  const graph = trace((x) => f(x, sequence), { shape: [sequence, ...value.shape.slice(1)], dtype: value.dtype });
  const executable = await backend.compile(graph);
  const [output] = await executable.run(new Map([[graph.inputs[0]!, await backend.upload(value)]]));
  return backend.download(output!);
}

describe("iota", () => {
  test("is the index along its axis", async () => {
    const columns = await runNamed((_, sequence) => core.iota([sequence, 3], 1), numbered(2));
    expectClose(columns, tensor([0, 1, 2, 0, 1, 2], [2, 3], "int32"), "exact");
    const rows = await runNamed((_, sequence) => core.iota([sequence, 3], 0, "float32"), numbered(2));
    expectClose(rows, exactTensor([0, 0, 0, 1, 1, 1], [2, 3]), "exact");
  });
});

describe("reshape", () => {
  test("keeps the order of elements", async () => {
    expectClose(await run(backend, (x) => x.reshape([3, 2]), numbered(2, 3)), numbered(3, 2), "exact");
    expectClose(await run(backend, (x) => x.reshape([]), numbered(1, 1)), numbered(), "exact");
    expectClose(await run(backend, (x) => x.reshape([5, 0]), numbered(0, 2)), numbered(5, 0), "exact");
  });
});

describe("transpose", () => {
  test("out[j, i] = x[i, j]", async () => {
    const actual = await run(backend, (x) => x.transpose([1, 0]), numbered(2, 3));
    expectClose(actual, exactTensor([0, 3, 1, 4, 2, 5], [3, 2]), "exact");
  });

  test("rank 5, and back by the inverse permutation", async () => {
    const x = numbered(2, 3, 1, 4, 2);
    const there = await run(backend, (x) => x.transpose([3, 0, 4, 1, 2]), x);
    // out[d, a, e, b, c] = x[a, b, c, d, e]; here d = 3, a = 1, e = 0, b = 2, c = 0
    const out = (((3 * 2 + 1) * 2 + 0) * 3 + 2) * 1;
    const from = (((1 * 3 + 2) * 1 + 0) * 4 + 3) * 2 + 0;
    expect(there.data[out]).toBe(x.data[from]);
    expectClose(await run(backend, (y) => y.transpose([1, 3, 4, 0, 2]), there), x, "exact");
  });

  test("of integers and of nothing", async () => {
    const actual = await run(backend, (x) => x.transpose([1, 0]), tensor([1, 2, 3, 4], [2, 2], "int8"));
    expectClose(actual, tensor([1, 3, 2, 4], [2, 2], "int8"), "exact");
    expectClose(await run(backend, (x) => x.transpose([1, 0]), numbered(0, 2)), numbered(2, 0), "exact");
  });
});

describe("expand", () => {
  test("repeats along axes of size 1 and new ones", async () => {
    const actual = await run(backend, (x) => x.expand([2, 2, 3]), exactTensor([1, 2], [2, 1]));
    expectClose(actual, exactTensor([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2], [2, 2, 3]), "exact");
  });

  test("of a scalar, and to nothing", async () => {
    expectClose(await run(backend, (x) => x.expand([3]), numbered()), exactTensor([0, 0, 0], [3]), "exact");
    expectClose(await run(backend, (x) => x.expand([0, 3]), numbered(1, 3)), numbered(0, 3), "exact");
  });
});

describe("slice", () => {
  test("takes start ≤ index < end", async () => {
    const actual = await run(backend, (x) => core.slice(x, { 0: [1, 3], 1: [0, 2] }), numbered(3, 4));
    expectClose(actual, exactTensor([4, 5, 8, 9], [2, 2]), "exact");
  });

  test("may be empty, at the very end too", async () => {
    expectClose(await run(backend, (x) => core.slice(x, { 0: [3, 3] }), numbered(3, 4)), numbered(0, 4), "exact");
  });

  test("names the rule where only a run can see that it is broken", async () => {
    const beyond = runNamed((x) => core.slice(x, { 0: [1, 3] }), numbered(2));
    await expect(beyond).rejects.toThrow("[slice] 0 ≤ start ≤ end ≤ size must hold, got 1:3 of 2 on axis 0");
  });
});

describe("pad", () => {
  test("adds a value around", async () => {
    const actual = await run(backend, (x) => core.pad(x, { 0: [1, 0], 1: [0, 2] }, -1), exactTensor([5, 6], [1, 2]));
    expectClose(actual, exactTensor([-1, -1, -1, -1, 5, 6, -1, -1], [2, 4]), "exact");
  });

  test("of nothing, and with −∞", async () => {
    const actual = await run(backend, (x) => core.pad(x, { 0: [1, 1] }, Number.NEGATIVE_INFINITY), numbered(0));
    expectClose(actual, exactTensor([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], [2]), "exact");
  });

  test("names the rule where only a run can see that it is broken", async () => {
    const negative = runNamed((x, sequence) => core.pad(x, { 0: [core.subtractDims(sequence, 3), 2] }), numbered(2));
    await expect(negative).rejects.toThrow("[pad] amounts must be whole and not negative, got [-1, 2]");
  });

  test("of booleans", async () => {
    const actual = await run(backend, (x) => core.pad(x, { 0: [0, 1] }, 1), tensor([0], [1], "bool"));
    expectClose(actual, tensor([0, 1], [2], "bool"), "exact");
  });
});

describe("concat", () => {
  test("joins along an axis", async () => {
    const [left, right] = [exactTensor([1, 2], [2, 1]), exactTensor([3, 4, 5, 6], [2, 2])];
    const actual = await run(backend, (...tensors) => core.concat(tensors, 1), left, right);
    expectClose(actual, exactTensor([1, 3, 4, 2, 5, 6], [2, 3]), "exact");
  });

  test("passes over empty ones", async () => {
    const actual = await run(
      backend,
      (...tensors) => core.concat(tensors, 0),
      numbered(0, 2),
      numbered(2, 2),
      numbered(0, 2),
    );
    expectClose(actual, numbered(2, 2), "exact");
  });

  test("undoes split", async () => {
    const x = numbered(2, 3, 6);
    const actual = await run(backend, (x) => core.concat(core.split(x, [1, 0, 3, 2], -1), -1), x);
    expectClose(actual, x, "exact");
  });
});

describe("gather", () => {
  const indices = (values: number[], ...shape: number[]) => tensor(values, shape, "int32");
  const rows = (data: core.Tensor, i: core.Tensor) => core.gather(data, i);

  test("out[i, j, d] = data[indices[i, j], d]", async () => {
    const actual = await run(backend, rows, numbered(3, 2), indices([2, 0, 0, 1], 2, 2));
    expectClose(actual, exactTensor([4, 5, 0, 1, 0, 1, 2, 3], [2, 2, 2]), "exact");
  });

  test("along the last axis, by one index, and by none", async () => {
    const last = (x: core.Tensor, i: core.Tensor) => core.gather(x, i, -1);
    expectClose(
      await run(backend, last, numbered(2, 3), indices([2, 0], 2)),
      exactTensor([2, 0, 5, 3], [2, 2]),
      "exact",
    );
    expectClose(await run(backend, last, numbered(2, 3), indices([1])), exactTensor([1, 4], [2]), "exact");
    expectClose(await run(backend, last, numbered(2, 3), indices([], 0)), numbered(2, 0), "exact");
  });

  test.each([3, -1])("refuses index %d of 3", async (index) => {
    const outside = run(backend, rows, numbered(3, 2), indices([0, index], 2));
    await expect(outside).rejects.toThrow(`[gather] index must be in [0, 3), got ${index}`);
  });

  test("reads a table of relative positions: out[i, j] = table[i − j + 2]", async () => {
    const relative = (table: core.Tensor, q: core.Tensor, k: core.Tensor) =>
      core.gather(
        table,
        q
          .reshape([3, 1])
          .sub(k.reshape([1, 3]))
          .add(2),
      );
    const actual = await run(backend, relative, exactTensor([-2, -1, 0, 1, 2], [5]), positions(3), positions(3));
    expectClose(actual, exactTensor([0, -1, -2, 1, 0, -1, 2, 1, 0], [3, 3]), "exact");
  });
});

describe("gatherElements", () => {
  const indices = (values: number[], ...shape: number[]) => tensor(values, shape, "int32");

  test("axis 0: out[i, j] = data[indices[i, j], j]", async () => {
    const first = (x: core.Tensor, i: core.Tensor) => core.gatherElements(x, i, 0);
    const actual = await run(backend, first, numbered(3, 2), indices([2, 0, 1, 1], 2, 2));
    expectClose(actual, exactTensor([4, 1, 2, 3], [2, 2]), "exact");
  });

  test("axis 1: out[i, j] = data[i, indices[i, j]]", async () => {
    const second = (x: core.Tensor, i: core.Tensor) => core.gatherElements(x, i, 1);
    const actual = await run(backend, second, numbered(2, 3), indices([2, 2, 0, 1], 2, 2));
    expectClose(actual, exactTensor([2, 2, 3, 4], [2, 2]), "exact");
    expectClose(await run(backend, second, numbered(2, 3), indices([], 2, 0)), numbered(2, 0), "exact");
  });

  test.each([3, -1])("refuses index %d of 3", async (index) => {
    const outside = run(backend, (x, i) => core.gatherElements(x, i, 0), numbered(3), indices([index], 1));
    await expect(outside).rejects.toThrow(`[gatherElements] index must be in [0, 3), got ${index}`);
  });
});
