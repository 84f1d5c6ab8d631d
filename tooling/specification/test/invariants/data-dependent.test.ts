import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose, violations } from "@relpos/conformance";
import { between, gaussian } from "@relpos/conformance/cases";
import {
  type HostTensor,
  neg,
  positions,
  randomKey,
  reduceSum,
  run,
  runAll,
  softplus,
  type Tensor,
  tensor,
  toNumbers,
  valueAndGradients,
} from "@relpos/core";
import {
  capePositions,
  contextualPositions,
  cope,
  counterRotation,
  dynamicNtk,
  fox,
  gateDifferences,
  linearScaling,
  llama3,
  longRope,
  none,
  type PositionEncoding,
  proportional,
  type RopeScaling,
  randomizedPositions,
  rope,
  ropeOptionsFromConfig,
  ropeParametersFromOptions,
  scaledRopeFrequencies,
  shiftedPositions,
  stickBreakingWeights,
  yarn,
} from "@relpos/core/encodings";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { encode, layerContext, layerSizes, visible } from "../../src/encoded-case.js";
import { exact, range } from "../../src/host-numbers.js";

// Invariants of encodings.md §8 about gates, outputs, configurations and drawn positions.

const backend = createReferenceBackend();
afterAll(() => backend.close());

const rows = fc.record({
  heads: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 2, max: 9 }),
  seed: fc.nat(1000),
});
/** Above 0 only: what a value that must not be positive is too large by. */
const above = (values: ArrayLike<number>) => exact(Array.from(values, (value) => Math.max(value, 0)));
const zeros = (count: number) => exact(new Float64Array(count));

describe("25 CoPE (and encodings/adaptive-scores.test.ts)", () => {
  test("positions fall along the keys, stay below i − j + 1, and masked gates count for nothing", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async ({ heads, length, seed }) => {
        const gates = between(0, 1, [heads, length, length], seed);
        const seen = gates.data.map((gate, index) => (index % length > Math.floor(index / length) % length ? 0 : gate));
        const placed = await run(backend, (g) => contextualPositions(g as Tensor), exact(seen, gates.shape));
        const excess: number[] = [];
        placed.data.forEach((value, index) => {
          const [i, j] = [Math.floor(index / length) % length, index % length];
          const next = j + 1 < length ? (placed.data[index + 1] as number) : 0;
          excess.push(next - (value as number), j > i ? (value as number) : (value as number) - (i - j + 1));
        });
        expectClose(above(excess), zeros(excess.length), "contraction", { length });
      }),
      { numRuns: 20 },
    );
  });

  test("gradients are finite where positions are whole, with gates fully open or shut", async () => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.constantFrom(-200, 0, 200), async (sizes, logit) => {
        const { batch, heads, headSize, length } = sizes;
        const shape = [batch, heads, length, headSize];
        const row = { query: gaussian(shape, sizes.seed), key: gaussian(shape, sizes.seed + 1) };
        const [gradient] = await runAll(
          backend,
          (q, k, weight) => {
            const at = { queryPositions: q as Tensor, keyPositions: k as Tensor };
            const products = (): Tensor =>
              (q as Tensor)
                .matMul((k as Tensor).transpose([0, 1, 3, 2]))
                .mul(0)
                .add(logit);
            const given = { ...at, query: q as Tensor, key: k as Tensor, products, scale: 1 };
            const scores = cope({ positions: 4 }).scores({ ...given, parameters: { weight: weight as Tensor } });
            return valueAndGradients(reduceSum(scores), [weight as Tensor]).gradients;
          },
          row.query,
          row.key,
          gaussian([4, headSize], "weight"),
        );
        expect(Array.from((gradient as HostTensor).data).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 6 },
    );
  });
});

describe("26 forgetting (and encodings/forget-gates.test.ts)", () => {
  test("sums of gates fall with the distance, and a token's own score stays", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async ({ heads, length, seed }) => {
        const differences = await run(
          backend,
          (raw) => gateDifferences(neg(softplus(raw as Tensor)), length),
          gaussian([1, length, heads], seed),
        );
        differences.data.forEach((value, index) => {
          const [i, j] = [Math.floor(index / length) % length, index % length];
          if (i === j) expect(value).toBe(0);
          if (j < i) expect(value).toBeLessThan(differences.data[index + 1] as number);
        });
      }),
      { numRuns: 20 },
    );
  });

  test("in a layer too", async () => {
    await fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const [gated, plain] = [
          await encode(backend, { ...sizes, encoding: fox() as PositionEncoding }),
          await encode(backend, { ...sizes, encoding: none() as PositionEncoding }),
        ];
        const { length } = sizes;
        const diagonal = ({ data }: HostTensor) =>
          exact(data.filter((_, i) => i % length === Math.floor(i / length) % length));
        expectClose(diagonal(gated.scores), diagonal(plain.scores), "exact");
        const raised = visible(gated.scores).data.map((value, i) => value - (visible(plain.scores).data[i] as number));
        expectClose(above(raised), zeros(raised.length), "exact");
      }),
      { numRuns: 5 },
    );
  });
});

describe("27 stick-breaking (and encodings/adaptive-scores.test.ts)", () => {
  test("rows sum to at most 1, with the remainder to 1, and to 1 as scores grow", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async ({ heads, length, seed }) => {
        const sums = (shift: number) =>
          runAll(
            backend,
            (scores) => {
              const { weights, remainder } = stickBreakingWeights((scores as Tensor).add(shift));
              return [reduceSum(weights, -1, { keepDims: true }), remainder];
            },
            gaussian([1, heads, length, length], seed),
          );
        const [sum, rest] = (await sums(0)) as readonly [HostTensor, HostTensor];
        const whole = exact(
          Array.from(sum.data, (value, i) => value + (rest.data[i] as number)),
          sum.shape,
        );
        const ones = exact(new Float64Array(sum.data.length).fill(1), sum.shape);
        expectClose(whole, ones, "composite", { length });
        expectClose(above(Array.from(sum.data, (value) => value - 1)), zeros(sum.data.length), "contraction", {
          length,
        });
        expectClose((await sums(100))[0] as HostTensor, ones, "composite", { length });
      }),
      { numRuns: 20 },
    );
  });
});

describe("28 outputs are relative with counter-rotation (and encodings/rotary-variants.test.ts)", () => {
  test("for any layer and shift; without it turned values are not", async () => {
    const { values: _, ...without } = counterRotation();
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.integer({ min: 1, max: 1000 }), async (sizes, by) => {
        const outputs = async (encoding: PositionEncoding, start: number) =>
          (await encode(backend, { ...sizes, encoding, positions: positions(sizes.length, start) })).output;
        const relative = counterRotation() as PositionEncoding;
        expectClose(await outputs(relative, by), await outputs(relative, 0), "composite", {
          ...layerContext,
          magnitude: 10_000,
        });
        const changed = await outputs(without as PositionEncoding, by);
        expect(violations(changed, await outputs(without as PositionEncoding, 0), "goldenSingle")).toBeDefined();
      }),
      { numRuns: 6 },
    );
  });
});

describe("31 configurations are read as they were written (published ones: encodings/rope-config.test.ts)", () => {
  const factor = fc.integer({ min: 1, max: 64 });
  const originalMaximum = fc.constantFrom(2048, 4096, 8192);
  const pairs = 4;
  const factors = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: pairs, maxLength: pairs });
  const scaling: fc.Arbitrary<RopeScaling | undefined> = fc.oneof(
    fc.constant(undefined),
    fc.record({ factor }).map(linearScaling),
    fc.record({ factor, originalMaximum }).map(dynamicNtk),
    fc.record({ factor, originalMaximum, truncate: fc.boolean(), betaFast: fc.integer({ min: 8, max: 64 }) }).map(yarn),
    fc.record({ factor, originalMaximum, highFrequencyFactor: fc.integer({ min: 2, max: 8 }) }).map(llama3),
    fc.record({ factor, originalMaximum, longFactors: factors, shortFactors: factors }).map(longRope),
    fc.record({ share: fc.constantFrom(0.25, 0.5, 1), factor }).map(proportional),
  );

  test("through JSON, for any base and scaling", () => {
    fc.assert(
      fc.property(scaling, fc.integer({ min: 100, max: 10_000_000 }), (drawn, base) => {
        const options = { base, ...(drawn && { scaling: drawn }) };
        const written = JSON.parse(JSON.stringify(ropeParametersFromOptions(options)));
        const again = ropeOptionsFromConfig({ rope_parameters: written });
        for (const length of [100, 100_000]) {
          expect(scaledRopeFrequencies(2 * pairs, again, length)).toEqual(
            scaledRopeFrequencies(2 * pairs, options, length),
          );
        }
        expect(ropeParametersFromOptions(again)).toEqual(ropeParametersFromOptions(options));
        expect(rope(again).cache).toBe(rope(options).cache);
      }),
    );
  });
});

describe("32 drawn positions (and encodings/given-positions.test.ts)", () => {
  const drawn = fc.record({ seed: fc.nat(1e6), length: fc.nat(40), more: fc.nat(400) });
  const strictly = (values: ArrayLike<number>) =>
    Array.from(values).every((value, i, all) => i === 0 || value > (all[i - 1] as number));

  test("randomized ones are the same for the same key, in order, distinct and below the maximum", () => {
    fc.assert(
      fc.property(drawn, ({ seed, length, more }) => {
        const draw = () => toNumbers(randomizedPositions(randomKey(seed), length, length + more));
        expect(draw()).toEqual(draw());
        expect(draw()).toHaveLength(length);
        expect(strictly(draw())).toBe(true);
        expect(Array.from(draw()).every((value) => value >= 0 && value < length + more)).toBe(true);
      }),
    );
  });

  test("shifted ones keep their differences, and CAPE's their order for jitter below a half", () => {
    fc.assert(
      fc.property(drawn, ({ seed, length, more }) => {
        const shifted = toNumbers(shiftedPositions(randomKey(seed), length, more));
        expect(Array.from(shifted, (value) => value - (shifted[0] as number))).toEqual(range(length));
        const options = { globalShift: more, localShift: 0.5, scaling: 2 };
        const real = capePositions(randomKey(seed), length, options);
        expect(real).toEqual(capePositions(randomKey(seed), length, options));
        expect(strictly(real)).toBe(true);
      }),
    );
  });

  test("scores are those of their positions: differences count, not indices", async () => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.nat(300), async (sizes, by) => {
        const at = toNumbers(randomizedPositions(randomKey(sizes.seed), sizes.length, 100));
        const encoding = rope();
        const scores = async (places: ArrayLike<number>) => {
          const given = tensor(places, [sizes.length], "int32");
          return visible((await encode(backend, { ...sizes, encoding, positions: given })).scores);
        };
        const moved = await scores(Array.from(at, (value) => value + by));
        expectClose(moved, await scores(at), "composite", { ...layerContext, magnitude: 4000 });
      }),
      { numRuns: 5 },
    );
  });
});
