import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { positions, run, runAll, type Tensor } from "@relpos/core";
import {
  alibi,
  alibiSlopes,
  combine,
  learned,
  rope,
  ropeFrequencies,
  rotate,
  sinusoidal,
  sinusoidalRow,
  t5,
  t5Bucket,
} from "@relpos/core/encodings";
import { afterAll, describe, expect, test } from "vitest";
import { dot, exact } from "../src/host-numbers.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

describe("alibi", () => {
  test("slopes are those that Press et al. publish, and for other numbers of heads those of their code", () => {
    expect([...alibiSlopes(8)]).toEqual([0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]);
    expect([...alibiSlopes(12).slice(8)]).toEqual([-0.5, -1.5, -2.5, -3.5].map((power) => 2 ** power));
  });

  test("bias is −m·(i − j)", async () => {
    const bias = await run(
      backend,
      (q, k) => alibi().bias({ query: q as Tensor, key: k as Tensor, heads: 2 }) as Tensor,
      positions(2, 2),
      positions(4),
    );
    const expected = [0.0625, 0.00390625].flatMap((m) => [-2 * m, -m, 0, m, -3 * m, -2 * m, -m, 0]);
    expectClose(bias, exact(expected, [1, 2, 2, 4]), "exact");
  });

  test("symmetric bias is −m·|i − j|", async () => {
    const bias = await run(
      backend,
      (q, k) => alibi({ symmetric: true }).bias({ query: q as Tensor, key: k as Tensor, heads: 1 }) as Tensor,
      positions(1, 1),
      positions(3),
    );
    expectClose(
      bias,
      exact(
        [-1, 0, -1].map((n) => n * 2 ** -8),
        [1, 1, 1, 3],
      ),
      "exact",
    );
  });
});

describe("rope", () => {
  test("turns 1…8 at position 3 as encodings.md §6.1 lists", () => {
    const x = [1, 2, 3, 4, 5, 6, 7, 8];
    const round = (values: Float64Array) => Array.from(values, (value) => Number(value.toFixed(6)));
    expect(round(rotate(x, 3))).toEqual([
      -1.695593, 0.137552, 2.788682, 3.975982, -4.808842, 6.323059, 7.086837, 8.011964,
    ]);
    expect(round(rotate(x, 3, { interleaved: true }))).toEqual([
      -1.272233, -1.838865, 1.683929, 4.707907, 4.817777, 6.147278, 6.975969, 8.020964,
    ]);
  });

  test.each([{ interleaved: false }, { interleaved: true }, { share: 0.5 }, { interleaved: true, share: 0.75 }])(
    "graph equals host function for %o",
    async (options) => {
      const [q, k] = [gaussian([1, 2, 3, 8], "q"), gaussian([1, 1, 3, 8], "k")];
      const at = [5, 0, 1_000_003];
      const turned = await runAll(
        backend,
        (query, key, p) => {
          const result = rope(options).transform({
            query: query as Tensor,
            key: key as Tensor,
            queryPositions: p as Tensor,
            keyPositions: p as Tensor,
          });
          return [result?.query as Tensor, result?.key as Tensor];
        },
        q,
        k,
        { shape: [3], dtype: "int32", data: Int32Array.from(at) },
      );
      for (const [input, output] of [
        [q, turned[0]],
        [k, turned[1]],
      ] as const) {
        const rows = Array.from({ length: input.data.length / 8 }, (_, row) => [
          ...rotate(input.data.subarray(8 * row, 8 * row + 8), at[row % 3] as number, options),
        ]);
        expectClose(output as typeof input, exact(rows.flat(), input.shape), "composite", { magnitude: 1_000_003 });
      }
    },
  );

  test("frequencies fall from 1 by the base, and an odd rotary dimension is refused", () => {
    expect(Array.from(ropeFrequencies(8), (w) => Number(w.toFixed(9)))).toEqual([1, 0.1, 0.01, 0.001]);
    expect(() => ropeFrequencies(7)).toThrow("[rope] rotary dimension must be even, got 7");
  });
});

describe("sinusoidal", () => {
  test.each([
    {},
    { layout: "concatenated" },
    { layout: "concatenated", timescales: "tensor2tensor" },
    { scale: 0.5, base: 100 },
  ] as const)("graph adds the host's rows for %o", async (options) => {
    const at = [0, 7, 2047];
    const sum = await run(
      backend,
      (x, p) => sinusoidal(options).embed({ x: x as Tensor, positions: p as Tensor }) as Tensor,
      exact(new Float64Array(24), [1, 3, 8]),
      { shape: [3], dtype: "int32", data: Int32Array.from(at) },
    );
    expectClose(
      sum,
      exact(
        at.flatMap((p) => [...sinusoidalRow(p, 8, options)]),
        [1, 3, 8],
      ),
      "composite",
      { magnitude: 2047 },
    );
  });

  test("P(m)·P(n) depends on m − n only: Σ cos((m − n)ω)", () => {
    const pair = (m: number, n: number) => dot(sinusoidalRow(m, 16), sinusoidalRow(n, 16));
    expectClose(exact([pair(3, 10), pair(100, 93)], [2]), exact([pair(103, 110), pair(7, 0)], [2]), "contraction", {
      length: 16,
    });
  });
});

describe("t5", () => {
  test("first distances of the buckets are those of Hugging Face (32 buckets, maximum distance 128)", () => {
    const firsts = (options: object) =>
      Array.from({ length: 32 }, (_, bucket) =>
        Array.from({ length: 200 }, (_, n) => n).find((n) => t5Bucket(-n, options) === bucket),
      );
    expect(firsts({}).slice(16)).toEqual([16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113]);
    expect(firsts({ bidirectional: true }).slice(8, 16)).toEqual([8, 12, 16, 23, 32, 46, 64, 91]);
  });

  test("bias is the table's row of the bucket", async () => {
    const table = gaussian([32, 2]);
    const bias = await run(
      backend,
      (weight, q, k) =>
        t5().bias({
          parameters: { weight: weight as Tensor },
          query: q as Tensor,
          key: k as Tensor,
          heads: 2,
        }) as Tensor,
      table,
      positions(1, 150),
      positions(151),
    );
    const expected = [0, 1].flatMap((head) =>
      Array.from({ length: 151 }, (_, j) => table.data[2 * t5Bucket(j - 150) + head] as number),
    );
    expectClose(bias, exact(expected, [1, 2, 1, 151]), "exact");
  });
});

describe("learned", () => {
  test("adds the row of the position plus the offset", async () => {
    const table = gaussian([6, 3]);
    const sum = await run(
      backend,
      (weight, x, p) =>
        learned({ maximumPositions: 4, offset: 2 }).embed({
          parameters: { weight: weight as Tensor },
          x: x as Tensor,
          positions: p as Tensor,
        }) as Tensor,
      table,
      exact(new Float64Array(6), [1, 2, 3]),
      positions(2, 1),
    );
    expectClose(sum, exact(table.data.subarray(9, 15), [1, 2, 3]), "exact");
  });
});

describe("combine", () => {
  test("turns, biases and adds in one", async () => {
    const both = combine(rope(), alibi(), t5());
    expect(both.kind).toBe("rope+alibi+t5");
    expect(both.embed).toBeUndefined();
    const parameters = both.parameters?.({ width: 8, layers: 1, heads: 2, kvHeads: 2, headSize: 4 }) ?? {};
    expect(Object.keys(parameters)).toEqual(["2.weight"]);
    const table = gaussian([32, 2]);
    const pair = (q: Tensor, k: Tensor) => ({ query: q, key: k, heads: 2 });
    const [sum, first, second] = await runAll(
      backend,
      (weight, q, k) => [
        both.bias?.({ parameters: { "2.weight": weight as Tensor }, ...pair(q as Tensor, k as Tensor) }) as Tensor,
        alibi().bias(pair(q as Tensor, k as Tensor)) as Tensor,
        t5().bias({ parameters: { weight: weight as Tensor }, ...pair(q as Tensor, k as Tensor) }) as Tensor,
      ],
      table,
      positions(3),
      positions(3),
    );
    const expected = Float64Array.from(
      (first as typeof table).data,
      (value, i) => value + ((second as typeof table).data[i] as number),
    );
    expectClose(sum as typeof table, exact(expected, [1, 2, 3, 3]), "arithmetic");
  });
});

test("every encoding of the catalogue can be made, and is found under its name", () => {
  for (const [name, entry] of Object.entries(catalogue)) {
    expect(entry.name).toBe(name);
    expect(entry.create({ trainLength: 16, causal: true, embeddingDeviation: 0.02 }).kind).not.toBe("");
  }
  const names = Object.values(catalogue).flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});
