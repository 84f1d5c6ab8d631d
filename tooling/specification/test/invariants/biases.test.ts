import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import {
  type HostTensor,
  matMul,
  positions,
  relativeShift,
  relativeUnshift,
  run,
  runAll,
  type Tensor,
  tensor,
  transposeLast,
} from "@relpos/core";
import {
  alibi,
  alibiSlopes,
  type DebertaBuckets,
  debertaBucket,
  debertaRow,
  differenceIndex,
  type EncodingWith,
  kerple,
  type PositionEncoding,
  relativeLogits,
  retentionDecays,
  ropeFrequencies,
  sandwichBias,
  shawRow,
  swin,
  t5Bucket,
} from "@relpos/core/encodings";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { encodings, layerContext, parametersOf } from "../../src/encoded-case.js";
import { exact, range, sum } from "../../src/host-numbers.js";
import { namedAs } from "../../src/parameters.js";

// Invariants of encodings.md §8 about biases, buckets and tables.

const backend = createReferenceBackend();
afterAll(() => backend.close());

const rises = (values: readonly number[]) => values.every((value, i) => i === 0 || value >= (values[i - 1] as number));

/** A bias at given positions with random parameters, [1, heads, Q, K]. */
function biasOf(encoding: EncodingWith<"bias", string>, heads: number, query: HostTensor, key: HostTensor, seed = 0) {
  const sizes = { batch: 1, heads, kvHeads: heads, headSize: 4, length: 1, seed };
  const parameters = parametersOf({ ...sizes, encoding: encoding as PositionEncoding });
  return run(
    backend,
    (q, k, ...values) => {
      return encoding.bias({ parameters: namedAs(parameters, values), query: q as Tensor, key: k as Tensor, heads });
    },
    query,
    key,
    ...Object.values(parameters),
  );
}

const trained = fc.record({
  seed: fc.nat(1000),
  heads: fc.integer({ min: 1, max: 5 }),
  length: fc.integer({ min: 2, max: 24 }),
});

describe("9 fast forms are the naive ones (PaTH: householder; remaps: remaps; relative-shift.test.ts)", () => {
  test("relativeShift takes column j − i + Q, and relativeUnshift undoes it, for any sizes", async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.nat(1000));
    await fc.assert(
      fc.asyncProperty(sizes, async ([queries, earlier, seed]) => {
        const keys = queries + earlier;
        const x = gaussian([2, queries, queries + keys + 1], seed);
        const [shifted, back] = await runAll(
          backend,
          (value) => {
            const moved = relativeShift(value as Tensor);
            return [moved, relativeShift(relativeUnshift(moved))];
          },
          x,
        );
        const expected = range(2 * queries * keys).map((index) => {
          const [row, j] = [Math.floor(index / keys), index % keys];
          return x.data[row * (queries + keys + 1) + j - (row % queries) + queries] as number;
        });
        expectClose(shifted as HostTensor, exact(expected, [2, queries, keys]), "exact");
        expectClose(back as HostTensor, shifted as HostTensor, "exact");
      }),
      { numRuns: 30 },
    );
  });

  const factored = encodings().filter(([, encoding]) => encoding.factors && encoding.bias);
  test.each(factored)("%s: the bias of low rank is the bias up to a number for each query", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(trained, fc.nat(300), async ({ heads, length }, start) => {
        const [bias, product] = await runAll(
          backend,
          (at) => {
            const pair = { query: at as Tensor, key: at as Tensor, heads, parameters: {} };
            const factors = encoding.factors?.(pair);
            const product = factors && matMul(factors.query, transposeLast(factors.key));
            return [encoding.bias?.(pair) as Tensor, product as Tensor];
          },
          positions(length, start),
        );
        const width = (bias as HostTensor).shape.at(-1) as number;
        const centred = (x: HostTensor) =>
          exact(
            Array.from(x.data, (value, index) => value - (x.data[index - (index % width)] as number)),
            [heads, x.data.length / (heads * width), width],
          );
        const [own, low] = [centred(bias as HostTensor), centred(product as HostTensor)];
        const firstRows = own.data.filter((__, index) => index % (length * width) < width);
        expectClose(low, exact(firstRows, [heads, 1, width]), "composite", { magnitude: 300 });
      }),
      { numRuns: 5 },
    );
  });
});

describe("10 decay (gates: encodings/forget-gates.test.ts; Sandwich rises: additive-biases.test.ts)", () => {
  const falling = { alibi: alibi(), "kerple-log": kerple(), "kerple-power": kerple({ kernel: "power" }) } as const;
  test.each(Object.entries(falling))("%s falls strictly with the distance", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(trained, async ({ seed, heads, length }) => {
        const bias = await biasOf(
          encoding as EncodingWith<"bias", string>,
          heads,
          positions(1, length),
          positions(length + 1),
          seed,
        );
        for (const head of range(heads)) {
          const row = [...bias.data.subarray(head * (length + 1), (head + 1) * (length + 1))];
          expect(row.every((value, j) => j === 0 || value > (row[j - 1] as number))).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });

  test("retention's rates are below 1 and rise with the head", () => {
    for (const heads of range(12, 1)) {
      const decays = [...retentionDecays(heads)];
      expect(decays.every((decay) => decay > 0 && decay < 1) && rises(decays)).toBe(true);
    }
  });

  test("RoPE's mean cosine is largest at 0 and falls by its envelope only: d = 128, θ = 10,000", () => {
    const frequencies = ropeFrequencies(128);
    const curve = range(4096).map((n) => sum(frequencies.map((w) => Math.cos(n * w))) / 64);
    const rounded = [0, 1, 10, 100, 1000, 4000].map((n) => Number((curve[n] as number).toFixed(3)));
    expect(rounded).toEqual([1, 0.97, 0.669, 0.477, 0.159, 0.008]);
    expect(curve.filter((value, n) => n > 0 && value > (curve[n - 1] as number)).length).toBe(1991);
    expect(Math.max(...curve.slice(1))).toBeLessThan(1);
    const windows = [0, 64, 256, 1024].map((start) => Math.max(...curve.slice(start + 1, 4 * start + 64)));
    expect(rises(windows.reverse())).toBe(true);
  });

  test("Sandwich is largest at 0, for any head", () => {
    for (const head of range(8)) {
      const curve = range(1024).map((n) => sandwichBias(n, 8)[head] as number);
      expect(Math.max(...curve.slice(1))).toBeLessThan(curve[0] as number);
    }
  });
});

describe("11 conditionally positive definite: ALiBi and KERPLE (and additive-biases.test.ts)", () => {
  const kernels = {
    alibi: alibi({ symmetric: true }),
    "kerple-log": kerple(),
    "kerple-power": kerple({ kernel: "power" }),
  } as const;
  test.each(Object.entries(kernels))("%s, for any parameters and weights that sum to 0", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(trained, async ({ seed, heads, length }) => {
        const at = positions(length);
        const bias = await biasOf(encoding as EncodingWith<"bias", string>, heads, at, at, seed);
        const raw = gaussian([length], `v${seed}`).data;
        const weights = Array.from(raw, (value) => value - sum(raw) / length);
        const forms = range(heads).map((head) => {
          const terms = range(length ** 2).map((index) => {
            const [i, j] = [Math.floor(index / length), index % length];
            return (weights[i] as number) * (weights[j] as number) * (bias.data[head * length ** 2 + index] as number);
          });
          return sum(terms);
        });
        const below = forms.map((value) => Math.min(value, 0));
        expectClose(exact(below), exact(below.map(() => 0)), "contraction", { length: length ** 2, magnitude: 100 });
      }),
      { numRuns: 10 },
    );
  });
});

describe("12 T5's buckets (thresholds: encodings.test.ts)", () => {
  const options = fc
    .record({ half: fc.integer({ min: 2, max: 32 }), beyond: fc.integer({ min: 1, max: 400 }) })
    .map(({ half, beyond }) => ({ buckets: 4 * half, maximumDistance: 2 * half + beyond }));

  test("rise with the distance, are exact for near keys, and end at the last", () => {
    fc.assert(
      fc.property(options, ({ buckets, maximumDistance }) => {
        const all = range(2 * maximumDistance).map((n) => t5Bucket(-n, { buckets, maximumDistance }));
        expect(rises(all)).toBe(true);
        expect(all.slice(0, buckets / 2)).toEqual(range(buckets / 2));
        expect(Math.max(...all)).toBe(buckets - 1);
        expect(t5Bucket(-maximumDistance, { buckets, maximumDistance })).toBe(buckets - 1);
        expect(t5Bucket(3, { buckets, maximumDistance })).toBe(0);
      }),
    );
  });

  test("of both sides are half as many each, equal but for the half, and later keys never have its first", () => {
    fc.assert(
      fc.property(options, ({ buckets, maximumDistance }) => {
        const own = { buckets, maximumDistance, bidirectional: true };
        const used = range(2 * maximumDistance, 1).map((n) => {
          expect(t5Bucket(n, own)).toBe(t5Bucket(-n, own) + buckets / 2);
          return t5Bucket(n, own);
        });
        expect(used).not.toContain(buckets / 2);
        expect(t5Bucket(0, own)).toBe(0);
      }),
    );
  });
});

describe("13 DeBERTa's buckets (published: encodings/relative-vectors.test.ts)", () => {
  test("are odd, rise, are the distance itself near, and stay within B − 1 up to the maximum", () => {
    const drawn = fc.record({
      half: fc.integer({ min: 2, max: 128 }),
      beyond: fc.integer({ min: 2, max: 500 }),
      form: fc.constantFrom<DebertaBuckets>("transformers", "microsoft"),
    });
    fc.assert(
      fc.property(drawn, ({ half, beyond, form }) => {
        const [buckets, maximum] = [2 * half, half + beyond];
        const all = range(maximum).map((n) => debertaBucket(n, buckets, maximum, form));
        expect(rises(all)).toBe(true);
        expect(all.slice(0, half + 1)).toEqual(range(half + 1).slice(0, all.length));
        expect(Math.max(...all)).toBeLessThan(buckets);
        for (const n of range(maximum, 1)) {
          expect(debertaBucket(-n, buckets, maximum, form)).toBe(-debertaBucket(n, buckets, maximum, form));
        }
        const rows = range(4 * maximum, -2 * maximum).map((n) =>
          debertaRow(n, { span: buckets, maximumDistance: maximum }),
        );
        expect(rises(rows.map((row) => -row))).toBe(true);
        expect(Math.min(...rows) >= 0 && Math.max(...rows) < 2 * buckets).toBe(true);
      }),
    );
  });
});

describe("14 ALiBi's slopes (published; MPT: encodings.test.ts, additive-biases.test.ts)", () => {
  test("of a power of two are geometric and end at 2^−e; of other numbers they begin with those of the power below", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.constantFrom(4, 8, 16), fc.nat(100), (log, exponent, more) => {
        const power = 2 ** log;
        const slopes = alibiSlopes(power, exponent);
        expect(slopes.at(-1)).toBe(2 ** -exponent);
        const ratios = Array.from(slopes.slice(1), (slope, h) => slope / (slopes[h] as number));
        expectClose(exact(ratios), exact(ratios.map(() => 2 ** (-exponent / power))), "arithmetic");
        const others = alibiSlopes(power + (more % power), exponent);
        expect([...others.slice(0, power)]).toEqual([...slopes]);
        expect(new Set(others).size).toBe(others.length);
      }),
    );
  });
});

describe("21 tables on grids (axial RoPE: encodings/rotary-axes.test.ts; Swin 2 × 2: window-biases.test.ts)", () => {
  test("a quarter turn of the window permutes Swin's table", async () => {
    const grids = fc.record({
      height: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(99),
    });
    await fc.assert(
      fc.asyncProperty(grids, async ({ height, width, seed }) => {
        const count = height * width;
        const turnedGrid = { height: width, width: height };
        const turn = (place: number) => (place % width) * height + height - 1 - Math.floor(place / width);
        const rows = (2 * height - 1) * (2 * width - 1);
        const table = gaussian([rows, 2], seed);
        const moved = new Float64Array(2 * rows);
        for (const pair of range(count ** 2)) {
          const [i, j] = [Math.floor(pair / count), pair % count];
          const from = differenceIndex(i, j, { height, width });
          moved.set(table.data.subarray(2 * from, 2 * from + 2), 2 * differenceIndex(turn(i), turn(j), turnedGrid));
        }
        const bias = (grid: { readonly height: number; readonly width: number }, values: HostTensor, at: HostTensor) =>
          run(
            backend,
            (weights, p) => {
              const pair = { query: p as Tensor, key: p as Tensor, heads: 2 };
              return swin(grid).bias({ parameters: { table: weights as Tensor }, ...pair });
            },
            values,
            at,
          );
        const still = await bias({ height, width }, table, positions(count));
        const places = tensor(range(count).map(turn), [count], "int32");
        expectClose(await bias(turnedGrid, exact(moved, [rows, 2]), places), still, "exact");
      }),
      { numRuns: 12 },
    );
  });
});

describe("24 windows (and encodings/relative-vectors.test.ts)", () => {
  test("Shaw's rows are held at the window's ends", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.nat(30), (left, right, n) => {
        expect(shawRow(-n, { left, right })).toBe(left - Math.min(n, left));
        expect(shawRow(n, { left, right })).toBe(left + Math.min(n, right));
      }),
    );
  });

  test("Inkling's logits are r·E inside the extent and 0 outside", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), trained, async (extent, { seed, heads, length }) => {
        const [states, bank] = [gaussian([1, heads, length, 3], `r${seed}`), gaussian([3, extent], `e${seed}`)];
        const logits = await run(
          backend,
          (r, e, at) => relativeLogits(r as Tensor, e as Tensor, { query: at as Tensor, key: at as Tensor }),
          states,
          bank,
          positions(length),
        );
        const expected = range(heads * length * length).map((index) => {
          const [row, n] = [Math.floor(index / length), (Math.floor(index / length) % length) - (index % length)];
          if (n < 0 || n >= extent) return 0;
          return sum(range(3).map((c) => (states.data[3 * row + c] as number) * (bank.data[c * extent + n] as number)));
        });
        expectClose(logits, exact(expected, logits.shape), "composite", layerContext);
      }),
      { numRuns: 10 },
    );
  });
});
