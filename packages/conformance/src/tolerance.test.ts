import { exactTensor, type HostTensor, tensor } from "@relpos/core";
import { describe, expect, test } from "vitest";
import { expectClose, type ToleranceClass, tolerances, violations } from "./index.js";

const { NaN: nan, POSITIVE_INFINITY: infinity, EPSILON: epsilon64 } = Number;
const epsilon32 = 2 ** -23;
const float32 = (...values: number[]): HostTensor => tensor(values, [values.length]);
const float64 = (...values: number[]): HostTensor => exactTensor(values, [values.length]);

describe("violations", () => {
  test("agreeing tensors have none", () => {
    const values = [0, -0, 1, -1.5, infinity, -infinity, nan];
    for (const name of Object.keys(tolerances) as ToleranceClass[]) {
      expect(violations(float32(...values), float64(...values), name)).toBeUndefined();
    }
  });

  // A comparison that cannot fail is worth nothing: each of these must be seen in every class, with products of that size.
  const context = { magnitude: 1e-3 };
  test.each([
    ["NaN for a number", nan, 1],
    ["a number for NaN", 1, nan],
    ["NaN for an infinity", nan, infinity],
    ["an infinity for NaN", infinity, nan],
    ["an infinity of the other sign", -infinity, infinity],
    ["a number for an infinity", 3e38, infinity],
    ["an infinity for a number", infinity, 3e38],
    ["another sign", -1, 1],
    ["a small number for another", 1e-3, 2e-3],
    ["something for nothing", 1e-4, 0],
  ])("%s", (_, actual, expected) => {
    for (const name of Object.keys(tolerances) as ToleranceClass[]) {
      expect(violations(float32(actual), float32(expected), name, context), name).toMatchObject({
        count: 1,
        index: [0],
      });
    }
  });

  test.each([
    ["exact", 0],
    ["arithmetic", 4 * epsilon32],
    ["transcendental", (32 + 16) * epsilon32],
    ["contraction", (4 + 4 * 3 * 2) * epsilon32],
    ["composite", (64 + 4 * 3 * 2) * epsilon32],
    ["gradient", 1e-6 + 1e-8],
  ] as const)("%s allows at 1, for 9 products of at most 2, %d", (name, allowed) => {
    const context = { length: 9, magnitude: 2 };
    const units = Math.floor(allowed / epsilon32);
    expect(violations(float32(1 + units * epsilon32), float32(1), name, context)).toBeUndefined();
    expect(violations(float32(1 + (units + 1) * epsilon32), float32(1), name, context)).toMatchObject({ expected: 1 });
  });

  test("ε is that of the coarser tensor", () => {
    expect(violations(float64(1 + 8 * epsilon64), float64(1), "arithmetic")).toBeDefined();
    expect(violations(float64(1 + 8 * epsilon64), float32(1), "arithmetic")).toBeUndefined();
    const half = (value: number) => tensor([value], [1], "float16");
    expect(violations(half(1 + 4 * 2 ** -10), half(1), "arithmetic")).toBeUndefined();
    expect(violations(half(1 + 5 * 2 ** -10), half(1), "arithmetic")).toBeDefined();
  });

  test("expected values are rounded to what the actual ones are held in", () => {
    expect(violations(float32(0.1), float64(0.1), "exact")).toBeUndefined();
    expect(violations(float32(infinity), float64(1e39), "exact")).toBeUndefined();
    expect(violations(tensor([0.1], [1], "bfloat16"), tensor([0.1], [1], "bfloat16"), "exact")).toBeUndefined();
  });

  test("integers agree or do not", () => {
    const ints = (...values: number[]) => tensor(values, [values.length], "int32");
    for (const name of ["exact", "arithmetic", "contraction", "composite"] as const) {
      expect(violations(ints(2 ** 30), ints(2 ** 30 + 1), name)).toMatchObject({ count: 1 });
    }
  });

  test("the worst is where the error exceeds the allowed one most", () => {
    const [actual, expected] = [tensor([1, 2.1, 3, 9], [2, 2]), tensor([1, 2, 3, 4], [2, 2])];
    expect(violations(actual, expected, "arithmetic")).toMatchObject({
      count: 2,
      index: [1, 1],
      actual: 9,
      expected: 4,
      error: 5,
    });
  });
});

describe("expectClose", () => {
  test("says what is wrong", () => {
    expectClose(float32(1), float32(1), "exact");
    expect(() => expectClose(float32(1, 3), float32(1, 2), "exact")).toThrow(
      "[expectClose] 1 of 2 elements disagree (exact, float32 [2]); worst at [1]: expected 2 ± 0, got 3, off by 1",
    );
  });

  test("shape and dtype must agree, empty tensors included", () => {
    expect(() => expectClose(tensor([], [0, 2]), tensor([], [2, 0]), "exact")).toThrow(
      "[expectClose] shape must be [2,0], got [0,2]",
    );
    expect(() => expectClose(tensor([1], [1]), tensor([1], []), "exact")).toThrow(
      "[expectClose] shape must be [], got [1]",
    );
    expect(() => expectClose({ ...tensor([], [0]), shape: [2] }, tensor([1, 2], [2]), "exact")).toThrow(
      "[expectClose] shape [2] needs 2 elements, got 0",
    );
    expect(() => expectClose(tensor([1], [1], "int32"), tensor([1], [1]), "exact")).toThrow(
      "[expectClose] dtype must be float32, got int32",
    );
  });
});
