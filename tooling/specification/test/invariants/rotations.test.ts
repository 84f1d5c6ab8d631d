import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { type HostTensor, matMul, reduceSum, run, square, type Tensor, tensor, transposeLast } from "@relpos/core";
import {
  drope,
  dualChunk,
  dynamicNtk,
  fope,
  linearScaling,
  llama3,
  longRope,
  matrixExponential,
  mrope,
  none,
  ntkAware,
  ntkByParts,
  type PositionEncoding,
  proportional,
  type RopeScaling,
  rerope,
  reropeDistance,
  rodrigues,
  rope,
  rotate,
  scaledRopeFrequencies,
  selfExtend,
  xpos,
  yarn,
  yarnTemperature,
} from "@relpos/core/encodings";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { encode, layerContext, layerSizes, visible } from "../../src/encoded-case.js";
import { dot, exact, range, skewMatrix } from "../../src/host-numbers.js";

// Invariants of encodings.md §8 about the rotary family.

const backend = createReferenceBackend();
afterAll(() => backend.close());

/** Angles of positions up to a thousand. */
const turned = { length: 16, magnitude: 10_000 };

/** A head with a share that turns, and where it stands. */
const heads = fc.record({
  size: fc.constantFrom(2, 4, 8, 16),
  base: fc.constantFrom(100, 10_000, 500_000),
  interleaved: fc.boolean(),
  seed: fc.nat(1000),
  i: fc.integer({ min: -1000, max: 1000 }),
  j: fc.integer({ min: -1000, max: 1000 }),
});

describe("6 orthogonality (PaTH: encodings/householder.test.ts; GRAPE, LieRE: rotary-trained.test.ts)", () => {
  test("R(0) is the identity, R(i)R(j) is R(i + j), R(−i) undoes R(i), and lengths stay", () => {
    fc.assert(
      fc.property(heads, ({ size, base, interleaved, seed, i, j }) => {
        const x = gaussian([size], seed).data;
        const turn = (y: ArrayLike<number>, position: number) => rotate(y, position, { base, interleaved });
        expectClose(exact(turn(x, 0)), exact(x), "exact");
        expectClose(exact(turn(turn(x, j), i)), exact(turn(x, i + j)), "composite", turned);
        expectClose(exact(turn(turn(x, i), -i)), exact(x), "composite", turned);
        expectClose(exact([dot(turn(x, i), turn(x, i))]), exact([dot(x, x)]), "composite", turned);
      }),
    );
  });

  test("YaRN's lengths are its factor times those before", () => {
    fc.assert(
      fc.property(heads, fc.integer({ min: 1, max: 40 }), ({ size, base, seed, i }, factor) => {
        const x = gaussian([size], seed).data;
        const y = rotate(x, i, { base, scaling: yarn({ factor, originalMaximum: 4096 }) });
        expectClose(exact([dot(y, y)]), exact([dot(x, x) * yarnTemperature(factor) ** 2]), "composite", turned);
      }),
    );
  });

  test.each<[string, PositionEncoding]>([
    ["fope", fope({ trainLength: 16 }) as PositionEncoding],
    ["xpos", xpos()],
  ])("%s keeps no lengths: a token's score with itself changes", async (name, encoding) => {
    const sizes = { batch: 1, heads: 2, kvHeads: 2, headSize: 8, length: 6, seed: 2 };
    const values = await run(
      backend,
      (q, p, ...mixtures) => {
        const [cos, sin] = mixtures as readonly Tensor[];
        const parameters = cos && sin ? { cos, sin } : {};
        const at = { queryPositions: p as Tensor, keyPositions: p as Tensor };
        const given = { parameters, query: q as Tensor, key: q as Tensor, ...at };
        const { query } = encoding.transform?.(given) ?? given;
        return reduceSum(square(query), 3);
      },
      gaussian([1, 2, 6, 8], "q"),
      tensor(range(6, 500), [6], "int32"),
      ...(name === "fope" ? mixtures(sizes) : []),
    );
    const before = await run(backend, (q) => reduceSum(square(q as Tensor), 3), gaussian([1, 2, 6, 8], "q"));
    expect(() => expectClose(values, before, "goldenSingle")).toThrow("disagree");
  });

  const mixtures = ({ kvHeads }: { readonly kvHeads: number }) => {
    const shape = fope({ trainLength: 16 }).parameters({ width: 16, layers: 1, heads: 2, kvHeads, headSize: 8 });
    return [gaussian(shape.cos?.shape ?? [], "cos"), gaussian(shape.sin?.shape ?? [], "sin")];
  };
});

describe("7 interleaved pairs are halves of permuted coordinates (and bug-museum.test.ts)", () => {
  test("for any head, share and position", () => {
    fc.assert(
      fc.property(heads, fc.constantFrom(0.5, 1), ({ size, base, seed, i }, share) => {
        const part = 2 * Math.floor((share * size) / 2);
        fc.pre(part > 0 && Math.floor(share * size) === part);
        const order = range(size).map((place) => {
          if (place >= part) return place;
          return place < part / 2 ? 2 * place : 2 * place - part + 1;
        });
        const permuted = (x: ArrayLike<number>) => order.map((place) => x[place] as number);
        const x = gaussian([size], seed).data;
        const halves = rotate(permuted(x), i, { base, share });
        expectClose(exact(halves), exact(permuted(rotate(x, i, { base, share, interleaved: true }))), "exact");
      }),
    );
  });
});

describe("8 settings without effect (trained forms: rotary-trained, forget-gates, adaptive-scores, relative-vectors)", () => {
  const scaled = (scaling: RopeScaling): PositionEncoding => rope({ scaling });
  const longer = 64;
  const isRope: Readonly<Record<string, PositionEncoding>> = {
    "linear scaling by 1": scaled(linearScaling({ factor: 1 })),
    "NTK-aware by 1": scaled(ntkAware({ factor: 1 })),
    "NTK by parts by 1": scaled(ntkByParts({ factor: 1, originalMaximum: longer })),
    "YaRN by 1": scaled(yarn({ factor: 1, originalMaximum: longer })),
    "Llama 3's by 1": scaled(llama3({ factor: 1, originalMaximum: longer })),
    "dynamic NTK within its length": scaled(dynamicNtk({ factor: 4, originalMaximum: longer })),
    "LongRoPE within its length": scaled(
      longRope({ factor: 4, originalMaximum: longer, longFactors: "ntk", attentionFactor: 1 }),
    ),
    "all of p-RoPE": scaled(proportional()),
    "all coordinates of partial RoPE": rope({ share: 1 }),
    "Self-Extend in groups of 1": selfExtend({ group: 1, window: 2 }),
    "ReRoPE with a window for all": rerope({ window: longer }),
    "leaky ReRoPE without a leak": rerope({ window: 2, leak: 1 }),
    "xPos that does not fade": xpos({ smoothing: 2 ** 60, interleaved: false }),
    "DroPE in training": drope({ phase: "pretraining" }) as PositionEncoding,
    "dual chunks that hold all": dualChunk({ chunk: longer, window: 2 }),
    "M-RoPE in text": mrope({ base: 10_000 }),
  };
  const isNone: Readonly<Record<string, PositionEncoding>> = {
    "none of p-RoPE": scaled(proportional({ share: 0 })),
    "DroPE after training": drope({ phase: "recalibration" }) as PositionEncoding,
  };

  const agree = (encoding: PositionEncoding, base: PositionEncoding, level: "composite" | "exact") =>
    fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const [actual, expected] = [
          await encode(backend, { ...sizes, encoding }),
          await encode(backend, { ...sizes, encoding: base }),
        ];
        expectClose(visible(actual.scores), visible(expected.scores), level, layerContext);
        expectClose(actual.output, expected.output, level, layerContext);
      }),
      { numRuns: 3 },
    );

  test.each(Object.entries(isRope))("RoPE: %s", (_, encoding) => agree(encoding, rope(), "composite"));
  test.each(Object.entries(isNone))("no encoding, to the bit: %s", (_, encoding) => {
    return agree(encoding, none() as PositionEncoding, "exact");
  });
  test("ReRoPE's distances leak from the window on", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 9 }), (n, window, leak) => {
        expect(reropeDistance(n, { window })).toBe(Math.min(n, window));
        expect(reropeDistance(n, { window, leak })).toBeLessThanOrEqual(n);
        expect(reropeDistance(n + 1, { window, leak })).toBeGreaterThan(reropeDistance(n, { window, leak }));
      }),
    );
  });
});

describe("15 frequencies fall (published values: encodings/rope-scaling.test.ts)", () => {
  test("for any factor, base and length, begin at 1 unless positions are divided, and YaRN's end at ω/s", () => {
    const drawn = fc.record({
      factor: fc.integer({ min: 1, max: 64 }),
      base: fc.constantFrom(10_000, 500_000, 5_000_000),
      originalMaximum: fc.constantFrom(2048, 4096, 8192, 32_768),
      size: fc.constantFrom(64, 80, 96, 128, 256),
    });
    fc.assert(
      fc.property(drawn, ({ factor, base, originalMaximum, size }) => {
        const plain = scaledRopeFrequencies(size, { base }, 0).frequencies;
        const scalings = {
          linear: linearScaling({ factor }),
          ntk: ntkAware({ factor }),
          parts: ntkByParts({ factor, originalMaximum }),
          yarn: yarn({ factor, originalMaximum }),
          llama3: llama3({ factor, originalMaximum }),
          dynamic: dynamicNtk({ factor, originalMaximum }),
        };
        for (const [name, scaling] of Object.entries(scalings)) {
          const { frequencies } = scaledRopeFrequencies(size, { base, scaling }, 2 * originalMaximum);
          expect(frequencies[0]).toBe(name === "linear" ? 1 / factor : 1);
          const falls = Array.from(frequencies).every((value, m) => m === 0 || value < (frequencies[m - 1] as number));
          expect([name, falls]).toEqual([name, true]);
          if (name === "yarn") expect(frequencies.at(-1)).toBe((plain.at(-1) as number) / factor);
        }
      }),
    );
  });
});

describe("16 YaRN's scores are its factor squared times those of its frequencies (and encodings/rope-scaling.test.ts)", () => {
  test("for any layer and factor", async () => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.integer({ min: 1, max: 40 }), async (sizes, factor) => {
        const settings = { factor, originalMaximum: 4 };
        const encoding = rope({ scaling: yarn(settings) });
        const cold = rope({ scaling: yarn({ ...settings, attentionFactor: 1 }) });
        const [warm, plain] = [
          await encode(backend, { ...sizes, encoding }),
          await encode(backend, { ...sizes, encoding: cold }),
        ];
        const expected = Float64Array.from(plain.scores.data, (value) => value * yarnTemperature(factor) ** 2);
        expectClose(warm.scores, exact(expected, plain.scores.shape), "composite", layerContext);
      }),
      { numRuns: 10 },
    );
  });
});

describe("20 M-RoPE (positions of pictures: encodings/rotary-axes.test.ts)", () => {
  test("with one axis is RoPE on its positions, and swapped axes with swapped sections are the same", async () => {
    await fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const { batch, length, headSize, seed } = sizes;
        const drawn = (axis: number) =>
          gaussian([batch * length], `${seed}.${axis}`).data.map((x) => Math.round(9 * x));
        const [time, height, width] = [drawn(0), drawn(1), drawn(2)];
        const at = (...axes: readonly ArrayLike<number>[]): HostTensor => {
          const shape = axes.length > 1 ? [axes.length, batch, length] : [batch, length];
          return tensor(
            axes.flatMap((axis) => Array.from(axis)),
            shape,
            "int32",
          );
        };
        const scores = async (encoding: PositionEncoding, positions: HostTensor) =>
          (await encode(backend, { ...sizes, encoding, positions })).scores;
        const pairs = headSize / 2;
        const plain = await scores(rope(), at(time));
        const text = await scores(mrope({ base: 10_000 }), at(time, time, time));
        expectClose(text, plain, "composite", layerContext);
        const tall = await scores(mrope({ sections: [1, pairs - 1, 0] }), at(time, height, width));
        const wide = await scores(mrope({ sections: [1, 0, pairs - 1] }), at(time, width, height));
        expectClose(tall, wide, "composite", layerContext);
      }),
      { numRuns: 6 },
    );
  });
});

describe("22 and 23 matrix exponentials (scores: encodings/rotary-trained.test.ts)", () => {
  const context = { length: 64, magnitude: 64 };
  const exponential = (a: HostTensor, factor: number) =>
    run(backend, (x) => matrixExponential((x as Tensor).mul(factor)), a);
  const product = (a: HostTensor, b: HostTensor) =>
    run(backend, (x, y) => matMul(x as Tensor, transposeLast(y as Tensor)), a, b);
  const drawn = fc.record({ size: fc.integer({ min: 2, max: 6 }), seed: fc.nat(1000), i: fc.nat(5), j: fc.nat(5) });

  test("e^(iA)·(e^(jA))ᵀ is e^((i − j)A), but not of two matrices", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async ({ size, seed, i, j }) => {
        const [a, b] = [skewMatrix(size + 1, `a${seed}`), skewMatrix(size + 1, `b${seed}`)];
        const difference = await exponential(a, i - j);
        expectClose(await product(await exponential(a, i), await exponential(a, j)), difference, "composite", context);
        const [first, second] = [await exponential(a, 1), await exponential(b, -1)];
        const both = await run(backend, (x, y) => matrixExponential((x as Tensor).add(y as Tensor)), a, b);
        const apart = await product(first, second);
        expect(() => expectClose(apart, both, "goldenSingle")).toThrow("disagree");
      }),
      { numRuns: 8 },
    );
  });

  test("of a plane are Rodrigues' formula", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async ({ size, seed }) => {
        const [a, b] = [[...gaussian([size], `a${seed}`).data], [...gaussian([size], `b${seed}`).data]];
        const plane = a.flatMap((x, i) => b.map((y, j) => x * y - (b[i] as number) * (a[j] as number)));
        const closed = exact(rodrigues(a, b).flat(), [size, size]);
        expectClose(await exponential(exact(plane, [size, size]), 1), closed, "composite", context);
      }),
      { numRuns: 8 },
    );
  });
});
