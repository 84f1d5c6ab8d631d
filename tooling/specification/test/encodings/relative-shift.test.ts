import { expectClose } from "@relpos/conformance";
import { gaussian, runOn } from "@relpos/conformance/cases";
import {
  alongDiagonals,
  constant,
  dimension,
  exactTensor,
  graph,
  type HostTensor,
  iota,
  maximum,
  minimum,
  positions,
  relativeShift,
  relativeUnshift,
  run,
  slice,
  Tensor,
  tensor,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import {
  distanceRange,
  isRange,
  relativeKeyProducts,
  relativeProducts,
  relativeSinusoidProducts,
  relativeSums,
  sinusoidalRow,
} from "@relpos/core/encodings";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { useBackends } from "../use-backends.js";

const backends = useBackends();
const reference = (): Backend => backends()[0] as Backend;
const whole = (values: readonly number[], shape: readonly number[] = [values.length]) => tensor(values, shape, "int32");

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  heads: fc.integer({ min: 1, max: 3 }),
  queries: fc.integer({ min: 1, max: 5 }),
  keys: fc.integer({ min: 1, max: 6 }),
  size: fc.integer({ min: 1, max: 4 }),
  left: fc.integer({ min: 0, max: 4 }),
  right: fc.integer({ min: 0, max: 4 }),
  from: fc.integer({ min: -3, max: 9 }),
  seed: fc.integer(),
});

/** Values for every index of a shape. */
function filled(shape: readonly number[], value: (...index: number[]) => number): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const at = (flat: number) =>
    shape.map((size, axis) => Math.floor(flat / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % size);
  return exactTensor(
    Array.from({ length: count }, (_, flat) => value(...at(flat))),
    shape,
  );
}

/** The element of a host tensor at an index. */
const element = ({ data, shape }: HostTensor, ...index: readonly number[]): number => {
  return data[index.reduce((flat, value, axis) => flat * (shape[axis] as number) + value, 0)] as number;
};

const dot = (size: number, term: (d: number) => number) => [...Array(size).keys()].reduce((sum, d) => sum + term(d), 0);

describe("relativeShift", () => {
  test("takes column j − i + Q of row i, and relativeUnshift puts it back, for any sizes", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, heads, queries, keys, seed }) => {
        const x = gaussian([batch, heads, queries, queries + keys + 1], seed);
        const shifted = await run(reference(), (value) => relativeShift(value as Tensor), x);
        const expected = filled([batch, heads, queries, keys], (b, h, i, j) => {
          return element(x, b, h, i, j - i + queries);
        });
        expectClose(shifted, expected, "exact");
        const back = await run(reference(), (value) => relativeUnshift(value as Tensor), shifted);
        const kept = filled(x.shape, (b, h, i, n) => {
          const j = n + i - queries;
          return j >= 0 && j < keys ? element(x, b, h, i, n) : 0;
        });
        expectClose(back, kept, "exact");
      }),
      { numRuns: 20 },
    );
  });

  test("of distances is the table of XLNet's positions (encodings.md A.4)", async () => {
    // Query i stands at 2 + i among 5 keys: entry n is the distance query − key of 5 − n.
    const rows = filled([3, 9], (_, n) => 5 - n);
    const shifted = await run(reference(), (x) => relativeShift(x as Tensor), rows);
    expectClose(shifted, exactTensor([2, 1, 0, -1, -2, 3, 2, 1, 0, -1, 4, 3, 2, 1, 0], [3, 5]), "exact");
  });

  test("serves lengths that are known only when it runs, a single query among them", async () => {
    const [queries, keys] = [dimension("queries"), dimension("keys")];
    const x = Tensor.input({ shape: [2, queries, 3], dtype: "float32" }, "x");
    const other = Tensor.input({ shape: [keys], dtype: "int32" }, "other");
    const table = Tensor.input({ shape: [5, 3], dtype: "float32" }, "table");
    const key = iota([keys]);
    const at = { query: slice(iota([queries]), { 0: [0, queries] }), key };
    const row = (distances: Tensor) => maximum(minimum(distances, 2), -2).add(2);
    const source = graph([x, other, table], [relativeProducts(x.reshape([1, 2, queries, 3]), { table, row }, at)]);
    for (const backend of backends()) {
      const executable = await backend.compile(source);
      for (const [q, k] of [
        [1, 4],
        [3, 2],
      ] as const) {
        const values = [gaussian([2, q, 3], "x"), positions(k), gaussian([5, 3], "table")] as const;
        const [products] = await runOn(backend, executable, source.inputs, values);
        const expected = filled([1, 2, q, k], (_, h, i, j) => {
          const r = Math.max(Math.min(j - i, 2), -2) + 2;
          return dot(3, (d) => element(values[0], h, i, d) * element(values[2], r, d));
        });
        expectClose(products as HostTensor, expected, "contraction", { length: 3, magnitude: 10 });
      }
      await executable.close();
    }
  });
});

describe("in blocks that Q and K have in common", () => {
  test.each([
    [16, 16],
    [48, 80],
    [32, 96],
    [128, 64],
    [17, 51],
    [60, 600],
  ])("%i queries and %i keys: the same on every backend", async (queries, keys) => {
    for (const backend of backends()) {
      const rows = gaussian([2, 3, queries, queries + keys + 1], "rows");
      const shifted = await run(backend, (x) => relativeShift(x as Tensor), rows);
      expectClose(
        shifted,
        filled([2, 3, queries, keys], (b, h, i, j) => element(rows, b, h, i, j - i + queries)),
        "exact",
      );
      const values = gaussian([3, queries + keys + 1], "values");
      const matrix = await run(backend, (x) => alongDiagonals(x as Tensor, queries), values);
      expectClose(
        matrix,
        filled([3, queries, keys], (h, i, j) => element(values, h, j - i + queries)),
        "exact",
      );
    }
  });
});

describe("ranges", () => {
  test("are seen in iota, slices, offsets and constants, and in nothing else", () => {
    const given = Tensor.input({ shape: [4], dtype: "int32" });
    const ranges = [iota([4]), slice(iota([4]), { 0: [1, 3] }), iota([4]).add(7), constant(positions(3, 5))];
    const others = [given, iota([4]).mul(2), constant(whole([0, 2, 3])), iota([2, 3]), iota([4]).add(given)];
    expect(ranges.map(isRange)).toEqual(ranges.map(() => true));
    expect(others.map(isRange)).toEqual(others.map(() => false));
  });

  test("have the distances of their pairs, the first and the last twice", async () => {
    const distances = await run(
      reference(),
      () => distanceRange({ query: constant(positions(3, 2)), key: constant(positions(5)) }) as Tensor,
    );
    expectClose(distances, whole([-4, -4, -3, -2, -1, 0, 1, 2, 2]), "exact");
  });
});

/** Positions as constants that count up, as inputs of any order, and as inputs for each row of the batch. */
const placings = ["range", "given", "rows"] as const;

function placed(placing: (typeof placings)[number], from: number, length: number, batch: number): HostTensor {
  const range = positions(length, from);
  return placing === "rows"
    ? whole(
        Array(batch)
          .fill([...range.data])
          .flat(),
        [batch, length],
      )
    : range;
}

describe("relative products equal the naive sum over [Q, K, D]", () => {
  test.each(placings)("%s", async (placing) => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, heads, queries, keys, size, left, right, from, seed }) => {
        const x = gaussian([batch, heads, queries, size], seed);
        const y = gaussian([batch, heads, keys, size], `${seed} y`);
        const weights = gaussian([batch, heads, queries, keys], `${seed} weights`);
        const tables = [
          gaussian([left + 1 + right, size], `${seed} one`),
          gaussian([heads, left + 1 + right, size], `${seed} each`),
        ];
        const at = [placed(placing, from, queries, batch), placed(placing, 0, keys, batch)];
        const rowOf = (i: number, j: number) => Math.max(Math.min(j - i - from, right), -left) + left;
        const row = (distances: Tensor) => maximum(minimum(distances, right), -left).add(left);
        for (const table of tables) {
          const vector = (h: number, r: number, d: number) => {
            return table.shape.length === 2 ? element(table, r, d) : element(table, h, r, d);
          };
          const by = (
            f: (
              vectors: { table: Tensor; row: typeof row },
              at: { query: Tensor; key: Tensor },
              value: Tensor,
            ) => Tensor,
            value: HostTensor,
          ) => {
            return run(
              reference(),
              (t, v, q, k) => {
                const [query, key] = placing === "range" ? at.map((p) => constant(p)) : [q as Tensor, k as Tensor];
                return f({ table: t as Tensor, row }, { query: query as Tensor, key: key as Tensor }, v as Tensor);
              },
              table,
              value,
              at[0] as HostTensor,
              at[1] as HostTensor,
            );
          };
          const context = { length: Math.max(size, keys), magnitude: 16 };
          expectClose(
            await by((vectors, places, value) => relativeProducts(value, vectors, places), x),
            filled([batch, heads, queries, keys], (b, h, i, j) => {
              return dot(size, (d) => element(x, b, h, i, d) * vector(h, rowOf(i, j), d));
            }),
            "contraction",
            context,
          );
          // Here `row` gets query − key: the row of a pair is that of the opposite distance.
          expectClose(
            await by((vectors, places, value) => relativeKeyProducts(value, vectors, places), y),
            filled([batch, heads, queries, keys], (b, h, i, j) => {
              const r = Math.max(Math.min(i + from - j, right), -left) + left;
              return dot(size, (d) => element(y, b, h, j, d) * vector(h, r, d));
            }),
            "contraction",
            context,
          );
          expectClose(
            await by((vectors, places, value) => relativeSums(value, vectors, places), weights),
            filled([batch, heads, queries, size], (b, h, i, d) => {
              return dot(keys, (j) => element(weights, b, h, i, j) * vector(h, rowOf(i, j), d));
            }),
            "contraction",
            context,
          );
        }
      }),
      { numRuns: 6 },
    );
  });

  test.each(placings)("with gradients: %s", async (placing) => {
    const [query, key] = [placed(placing, 1, 3, 2), placed(placing, 0, 4, 2)];
    const row = (distances: Tensor) => maximum(minimum(distances, 1), -2).add(2);
    await checkGradients(reference(), {
      f: (x, weights, table, q, k) => {
        const at =
          placing === "range"
            ? { query: constant(query), key: constant(key) }
            : { query: q as Tensor, key: k as Tensor };
        const vectors = { table: table as Tensor, row };
        const sums = relativeSums(weights as Tensor, vectors, at);
        return relativeProducts((x as Tensor).add(sums), vectors, at);
      },
      inputs: [gaussian([2, 2, 3, 2], "x"), gaussian([2, 2, 3, 4], "w"), gaussian([4, 2], "t"), query, key],
    });
  });
});

describe("relative sinusoids: shifted = factorized = naive", () => {
  const cases = (["concatenated", "interleaved"] as const).flatMap((layout) => {
    return placings.flatMap((placing) => [undefined, 2].map((clampLength) => ({ layout, placing, clampLength })));
  });
  test.each(cases)("$layout, $placing, clamped at $clampLength", async ({ layout, placing, clampLength }) => {
    const [heads, size, width, from] = [2, 2, 6, 3];
    const [x, weight] = [gaussian([2, heads, 3, size], "x"), gaussian([heads * size, width], "w")];
    const [query, key] = [placed(placing, from, 3, 2), placed(placing, 0, 5, 2)];
    const products = await run(
      reference(),
      (value, w, q, k) => {
        const at =
          placing === "range"
            ? { query: constant(query), key: constant(key) }
            : { query: q as Tensor, key: k as Tensor };
        return relativeSinusoidProducts(value as Tensor, w as Tensor, at, { layout, clampLength });
      },
      x,
      weight,
      query,
      key,
    );
    const expected = filled([2, heads, 3, 5], (b, h, i, j) => {
      const limit = clampLength ?? Number.POSITIVE_INFINITY;
      const row = sinusoidalRow(Math.max(Math.min(i + from - j, limit), -limit), width, { layout });
      return dot(size, (d) => {
        return element(x, b, h, i, d) * dot(width, (m) => element(weight, h * size + d, m) * (row[m] as number));
      });
    });
    expectClose(products, expected, "composite", { length: width * size, magnitude: 16 });
  });
});
