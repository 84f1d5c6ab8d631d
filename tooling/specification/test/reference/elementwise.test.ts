import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { cast, type DType, exactTensor, type HostTensor, run, tensor } from "@relpos/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const backend = createReferenceBackend();
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const vector = (...values: number[]): HostTensor => exactTensor(values, [values.length]);
const ints = (...values: number[]): HostTensor => tensor(values, [values.length], "int32");
const bools = (...values: boolean[]): HostTensor => tensor(values.map(Number), [values.length], "bool");

describe("one operand", () => {
  const edges = [-infinity, -2.5, -1, -0.5, -0, 0, 1e-300, 0.5, 1, 2.5, infinity, nan];

  test.each([
    ["neg", core.neg, (x: number) => 0 - x],
    ["abs", core.abs, (x: number) => (x < 0 ? -x : x)],
    ["sign", core.sign, (x: number) => (x > 0 ? 1 : x < 0 ? -1 : x)],
    ["floor", core.floor, Math.floor],
    ["exp", core.exp, Math.exp],
    ["log", core.log, Math.log],
    ["sqrt", core.sqrt, Math.sqrt],
    ["sin", core.sin, Math.sin],
    ["cos", core.cos, Math.cos],
    ["tanh", core.tanh, (x: number) => 1 - 2 / (Math.exp(2 * x) + 1)],
  ] as const)("%s", async (_, operation, formula) => {
    expectClose(await run(backend, operation, vector(...edges)), vector(...edges.map(formula)), "transcendental");
  });

  test("erf, values of Abramowitz & Stegun, table 7.1", async () => {
    const actual = await run(backend, core.erf, vector(-infinity, -1, 0, 0.5, 1, 2, infinity, nan));
    const expected = [-1, -0.8427007929497149, 0, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 1, nan];
    expectClose(actual, vector(...expected), "transcendental");
  });

  test("logicalNot", async () => {
    expectClose(await run(backend, core.logicalNot, bools(true, false)), bools(false, true), "exact");
  });

  test("zero keeps its sign", async () => {
    const inverse = await run(backend, (x) => core.div(1, core.neg(x)), vector(0, -0));
    expectClose(inverse, vector(-infinity, infinity), "exact");
  });

  test("float32 values are computed in 64 bits", async () => {
    expect((await run(backend, core.sqrt, vector(2))).data[0]).toBe(Math.SQRT2);
  });

  test("integers wrap around", async () => {
    expectClose(await run(backend, core.neg, ints(1, -(2 ** 31))), ints(-1, -(2 ** 31)), "exact");
  });
});

describe("two operands", () => {
  const lefts = [-2, -0, 0, 0.25, 1, 3, infinity, -infinity, nan, 1];
  const rights = [3, 0, -1, 0.5, 1, -2, infinity, 1, 1, nan];

  test.each([
    ["add", core.add, (x: number, y: number) => x + y],
    ["sub", core.sub, (x: number, y: number) => x - y],
    ["mul", core.mul, (x: number, y: number) => x * y],
    ["div", core.div, (x: number, y: number) => x / y],
    ["pow", core.pow, (x: number, y: number) => (x === 1 ? 1 : x ** y)],
    ["maximum", core.maximum, (x: number, y: number) => (x > y ? x : y >= x ? y : nan)],
    ["minimum", core.minimum, (x: number, y: number) => (x < y ? x : y <= x ? y : nan)],
  ] as const)("%s", async (_, operation, formula) => {
    const actual = await run(backend, operation, vector(...lefts), vector(...rights));
    expectClose(actual, vector(...lefts.map((x, i) => formula(x, rights[i]!))), "transcendental");
  });

  test.each([
    ["equal", core.equal, (x: number, y: number) => x === y],
    ["less", core.less, (x: number, y: number) => x < y],
    ["lessOrEqual", core.lessOrEqual, (x: number, y: number) => x <= y],
  ] as const)("%s is bool", async (_, operation, formula) => {
    const actual = await run(backend, operation, vector(...lefts), vector(...rights));
    expectClose(actual, bools(...lefts.map((x, i) => formula(x, rights[i]!))), "exact");
  });

  test.each([
    ["logicalAnd", core.logicalAnd, [false, false, false, true]],
    ["logicalOr", core.logicalOr, [false, true, true, true]],
    ["equal", core.equal, [true, false, false, true]],
  ] as const)("%s of booleans", async (_, operation, expected) => {
    const actual = await run(backend, operation, bools(false, false, true, true), bools(false, true, false, true));
    expectClose(actual, bools(...expected), "exact");
  });

  test.each([
    ["add", core.add, [2 ** 31 - 1, 5], [1, -7], [-(2 ** 31), -2]],
    ["mul", core.mul, [65_537, -3], [65_537, 5], [131_073, -15]],
    ["div", core.div, [7, -7], [2, 2], [3, -3]],
    ["pow", core.pow, [-3, 2], [3, 10], [-27, 1024]],
  ] as const)("%s of integers", async (_, operation, x, y, expected) => {
    expectClose(await run(backend, operation, ints(...x), ints(...y)), ints(...expected), "exact");
  });

  test("one tensor may be both operands", async () => {
    expectClose(await run(backend, (x) => core.mul(x, x), vector(3, -4)), vector(9, 16), "exact");
  });
});

describe("broadcasting", () => {
  test("a row and a column make a table", async () => {
    // out[i, j] = x[i] − y[j]
    const [column, row] = [exactTensor([10, 20], [2, 1]), exactTensor([1, 2, 3], [3])];
    const expected = exactTensor([9, 8, 7, 19, 18, 17], [2, 3]);
    expectClose(await run(backend, core.sub, column, row), expected, "exact");
  });

  test("scalars and empty tensors", async () => {
    expectClose(
      await run(backend, core.add, exactTensor([1], []), exactTensor([2], [])),
      exactTensor([3], []),
      "exact",
    );
    expectClose(await run(backend, core.add, exactTensor([1], []), vector(2, 3)), vector(3, 4), "exact");
    expectClose(
      await run(backend, core.add, exactTensor([], [0, 3]), vector(1, 2, 3)),
      exactTensor([], [0, 3]),
      "exact",
    );
    expectClose(
      await run(backend, core.add, exactTensor([], [0]), exactTensor([1], [1])),
      exactTensor([], [0]),
      "exact",
    );
  });

  test("rank 5: an operand's index is the output's, but 0 where its size is 1", async () => {
    const shapes = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.boolean()), {
      minLength: 5,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(shapes, async (axes) => {
        const left = axes.map(([size, one]) => (one ? 1 : size));
        const right = axes.map(([size, , one]) => (one ? 1 : size));
        const shape = left.map((size, axis) => Math.max(size, right[axis]!));
        const count = (sizes: number[]) => sizes.reduce((a, b) => a * b);
        const numbered = (sizes: number[]) =>
          exactTensor(
            Array.from({ length: count(sizes) }, (_, i) => i),
            sizes,
          );
        const place = (sizes: number[], index: number[]) =>
          sizes.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : index[axis]!), 0);
        const indices = shape.reduce<number[][]>(
          (prefixes, size) => prefixes.flatMap((prefix) => Array.from({ length: size }, (_, i) => [...prefix, i])),
          [[]],
        );
        const expected = indices.map((index) => 1000 * place(left, index) + place(right, index));
        const actual = await run(backend, (x, y) => x.mul(1000).add(y), numbered(left), numbered(right));
        expectClose(actual, exactTensor(expected, shape), "exact");
      }),
      { numRuns: 50 },
    );
  });
});

describe("where", () => {
  test("chooses element by element; all three broadcast", async () => {
    // out[i, j] = condition[i] ? then[j] : otherwise
    const condition = tensor([1, 0], [2, 1], "bool");
    const actual = await run(backend, core.where, condition, vector(1, 2, nan), exactTensor([-infinity], []));
    expectClose(actual, exactTensor([1, 2, nan, -infinity, -infinity, -infinity], [2, 3]), "exact");
  });
});

describe("cast", () => {
  const castTo = (dtype: DType) => (x: core.Tensor) => cast(x, dtype);

  test.each([
    ["float32", [2.9, -2.9, -0.5], "int32", [2, -2, 0]],
    ["float32", [0.5, 0, nan], "bool", [1, 0, 1]],
    ["int32", [3, 0, -1], "bool", [1, 0, 1]],
    ["int32", [300, -1, 5], "uint8", [44, 255, 5]],
    ["uint8", [200, 127, 0], "int8", [-56, 127, 0]],
    ["bool", [1, 0, 1], "float32", [1, 0, 1]],
    ["int8", [-128, 127, 0], "float32", [-128, 127, 0]],
    ["bfloat16", [1.5, -0.25, infinity], "float32", [1.5, -0.25, infinity]],
  ] as const)("%s %j to %s", async (from, values, to, expected) => {
    const actual = await run(backend, castTo(to), tensor(values, [3], from));
    expectClose(actual, tensor(expected, [3], to), "exact");
  });

  test("16-bit types are rounded when they are downloaded, not before", async () => {
    expectClose(await run(backend, castTo("float16"), vector(0.1)), tensor([0.1], [1], "float16"), "exact");
    const there = await run(backend, (x) => x.cast("float16").cast("float32"), vector(0.1));
    expectClose(there, vector(0.1), "exact");
  });
});
