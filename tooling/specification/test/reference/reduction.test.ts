import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { argMax, cumSum, exactTensor, type HostTensor, reduceMax, reduceSum, run, tensor } from "@relpos/core";
import { describe, expect, test } from "vitest";

const backend = createReferenceBackend();
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** 0, 1, 2, … */
function numbered(...shape: number[]): HostTensor {
  return exactTensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index),
    shape,
  );
}

describe("reduceSum", () => {
  test("out[j] = Σᵢ x[i, j]", async () => {
    expectClose(await run(backend, (x) => reduceSum(x, 0), numbered(2, 3)), exactTensor([3, 5, 7], [3]), "exact");
    expectClose(await run(backend, (x) => reduceSum(x, 1), numbered(2, 3)), exactTensor([3, 12], [2]), "exact");
    expectClose(await run(backend, (x) => reduceSum(x), numbered(2, 3)), exactTensor([15], []), "exact");
  });

  test("axes that are no neighbours, rank 5, kept with size 1", async () => {
    // out[b, d] = Σ over a, c, e of x[a, b, c, d, e]
    const x = numbered(2, 2, 3, 2, 2);
    const expected = [0, 0, 0, 0];
    x.data.forEach((value, place) => {
      const [b, d] = [Math.floor(place / 12) % 2, Math.floor(place / 2) % 2];
      expected[b * 2 + d]! += value;
    });
    const actual = await run(backend, (x) => reduceSum(x, [0, 2, 4], { keepDims: true }), x);
    expectClose(actual, exactTensor(expected, [1, 2, 1, 2, 1]), "exact");
  });

  test("over no axes is the tensor, over no elements 0", async () => {
    const nothing = (x: core.Tensor) => core.applyPrimitive("reduceSum", [x], { axes: [], keepDims: false });
    expectClose(await run(backend, nothing, numbered(2, 3)), numbered(2, 3), "exact");
    expectClose(await run(backend, (x) => reduceSum(x, 0), numbered(0, 2)), exactTensor([0, 0], [2]), "exact");
    expectClose(await run(backend, (x) => reduceSum(x, 0), numbered(2, 0)), numbered(0), "exact");
  });

  test("integers wrap around; NaN and ∞ − ∞ stay", async () => {
    const wrapped = await run(backend, (x) => reduceSum(x), tensor([2 ** 31 - 1, 1], [2], "int32"));
    expectClose(wrapped, tensor([-(2 ** 31)], [], "int32"), "exact");
    expectClose(
      await run(backend, (x) => reduceSum(x), exactTensor([infinity, -infinity], [2])),
      exactTensor([nan], []),
      "exact",
    );
  });
});

describe("reduceMax", () => {
  test("out[i] = maxⱼ x[i, j]", async () => {
    const x = exactTensor([-3, -1, -2, 5, infinity, -infinity], [2, 3]);
    expectClose(await run(backend, (x) => reduceMax(x, -1), x), exactTensor([-1, infinity], [2]), "exact");
    expectClose(await run(backend, (x) => reduceMax(x, 0), x), exactTensor([5, infinity, -2], [3]), "exact");
  });

  test("is NaN where one is", async () => {
    const x = exactTensor([1, nan, nan, 2], [2, 2]);
    expectClose(await run(backend, (x) => reduceMax(x), x), exactTensor([nan], []), "exact");
  });

  test("of nothing is the lowest value", async () => {
    expectClose(
      await run(backend, (x) => reduceMax(x, 0), numbered(0, 2)),
      exactTensor([-infinity, -infinity], [2]),
      "exact",
    );
    const integer = await run(backend, (x) => reduceMax(x, 0), tensor([], [0], "int32"));
    expectClose(integer, tensor([-(2 ** 31)], [], "int32"), "exact");
  });
});

describe("argMax", () => {
  const x = exactTensor([1, 7, 7, 9, 2, 9], [2, 3]);

  test("is the index of the first largest", async () => {
    expectClose(await run(backend, (x) => argMax(x, 1), x), tensor([1, 0], [2], "int32"), "exact");
    expectClose(
      await run(backend, (x) => argMax(x, 0, { keepDims: true }), x),
      tensor([1, 0, 1], [1, 3], "int32"),
      "exact",
    );
  });

  test("takes the first NaN for the largest, as reduceMax does", async () => {
    const x = exactTensor([1, nan, infinity, nan, nan, -infinity, -infinity, -infinity, 0], [3, 3]);
    expectClose(await run(backend, (x) => argMax(x, 1), x), tensor([1, 0, 2], [3], "int32"), "exact");
  });

  test("needs an element", async () => {
    await expect(run(backend, (x) => argMax(x, 1), numbered(2, 0))).rejects.toThrow(
      "[argMax] the axis must not be empty",
    );
    expectClose(await run(backend, (x) => argMax(x, 1), numbered(0, 0)), tensor([], [0], "int32"), "exact");
  });
});

describe("cumSum", () => {
  const x = exactTensor([1, 2, 3, 4], [4]);

  test.each([
    [{}, [1, 3, 6, 10]],
    [{ exclusive: true }, [0, 1, 3, 6]],
    [{ reverse: true }, [10, 9, 7, 4]],
    [{ exclusive: true, reverse: true }, [9, 7, 4, 0]],
  ])("%j", async (options, expected) => {
    expectClose(await run(backend, (x) => cumSum(x, 0, options), x), exactTensor(expected, [4]), "exact");
  });

  test("along a middle axis: out[i, j, k] = Σ over l ≤ j of x[i, l, k]", async () => {
    const actual = await run(backend, (x) => cumSum(x, 1), numbered(2, 2, 2));
    expectClose(actual, exactTensor([0, 1, 2, 4, 4, 5, 10, 12], [2, 2, 2]), "exact");
  });

  test("NaN goes on to all later sums; integers wrap around; nothing stays nothing", async () => {
    expectClose(
      await run(backend, (x) => cumSum(x, 0), exactTensor([1, nan, 1], [3])),
      exactTensor([1, nan, nan], [3]),
      "exact",
    );
    const wrapped = await run(backend, (x) => cumSum(x, 0), tensor([127, 1], [2], "int8"));
    expectClose(wrapped, tensor([127, -128], [2], "int8"), "exact");
    expectClose(await run(backend, (x) => cumSum(x, 1), numbered(2, 0)), numbered(2, 0), "exact");
  });
});
