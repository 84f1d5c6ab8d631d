import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { expectClose, violations } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { type HostTensor, permutation, positions, randomKey, run, type Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import {
  combine,
  defineEncoding,
  dynamicNtk,
  fire,
  longRope,
  none,
  type PositionEncoding,
  rope,
} from "@relpos/core/encodings";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  type EncodedCase,
  encode,
  encodings,
  inputOf,
  type LayerSizes,
  layerContext,
  layerSizes,
  parametersOf,
  take,
  tokensOf,
  visible,
} from "../../src/encoded-case.js";
import { largestDifference, range } from "../../src/host-numbers.js";
import { namedAs } from "../../src/parameters.js";

// Invariants of encodings.md §8 that every encoding of the catalogue has, or has not, by what its entry says.

const backend = createReferenceBackend();
afterAll(() => backend.close());

const trainLength = 16;
const all = encodings(trainLength);
const runs = { numRuns: 2 };
const farthest = 1000;
/** Angles of far positions are rounded in proportion to them. */
const far = { ...layerContext, magnitude: 10 * farthest };

const moved = (sizes: LayerSizes, encoding: PositionEncoding, by: number) =>
  encode(backend as Backend, { ...sizes, encoding, positions: positions(sizes.length, by) });

describe("1 translation invariance (also in encodings/*.test.ts, by family)", () => {
  const entries = (flag: boolean) => all.filter(([name]) => catalogue[name]?.translationInvariant === flag);

  test.each(entries(true))("%s: scores and outputs stay when all positions move", async (_, encoding) => {
    // LieRE's matrix exponential is a series, which ends too early for far positions.
    const limit = encoding.maximumPositions ?? (encoding.kind === "lie-rope" ? 8 * trainLength : farthest);
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.nat(1000), async (sizes, choice) => {
        const by = 1 + (choice % (limit - sizes.length));
        const [near, away] = [await moved(sizes, encoding, 0), await moved(sizes, encoding, by)];
        expectClose(visible(away.scores), visible(near.scores), "composite", far);
        expectClose(away.output, near.output, "composite", far);
      }),
      runs,
    );
  });

  test.each(entries(false))("%s: outputs change at some shift", async (_, encoding) => {
    const sizes = { batch: 1, heads: 2, kvHeads: 2, headSize: 8, length: 13, seed: 1 };
    const limit = encoding.maximumPositions ?? 2 * farthest;
    const still = await moved(sizes, encoding, 0);
    const shifts = [1, 2, 5, 9, 33, farthest].filter((shift) => shift + sizes.length <= limit);
    let changed = 0;
    for (const by of shifts) {
      changed += violations((await moved(sizes, encoding, by)).output, still.output, "goldenSingle")?.count ?? 0;
    }
    expect(changed).toBeGreaterThan(0);
  });

  test("FIRE does not change up to its threshold, dynamic NTK up to its original length, and both do after", async () => {
    const sizes = { batch: 1, heads: 2, kvHeads: 2, headSize: 8, length: 5, seed: 1 };
    const cases: readonly (readonly [PositionEncoding, number])[] = [
      [fire({ threshold: 40 }) as PositionEncoding, 40],
      [rope({ scaling: dynamicNtk({ originalMaximum: 40 }) }), 40],
      [rope({ scaling: longRope({ originalMaximum: 40, factor: 4, longFactors: "ntk" }) }), 40],
    ];
    for (const [encoding, threshold] of cases) {
      const given = { ...sizes, untouched: true };
      const still = await moved(given, encoding, 0);
      expectClose((await moved(given, encoding, threshold - 5)).output, still.output, "composite", far);
      const past = await moved(given, encoding, threshold + 5);
      expect(violations(past.output, still.output, "goldenSingle")).toBeDefined();
    }
  });
});

describe("2 Toeplitz structure of biases (and encodings.test.ts)", () => {
  const biased = all.filter(([name, encoding]) => encoding.bias && catalogue[name]?.translationInvariant);

  test.each(biased)("%s: b(i, j) is b(i + 1, j + 1), and b(i, i) one number", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.nat(5), async (sizes, start) => {
        const parameters = parametersOf({ ...sizes, encoding });
        const bias = await run(
          backend,
          (at, ...values) => {
            const pair = { query: at as Tensor, key: at as Tensor, heads: sizes.heads };
            return encoding.bias?.({ ...pair, parameters: namedAs(parameters, values) }) as Tensor;
          },
          positions(sizes.length, start),
          ...Object.values(parameters),
        );
        const [first, last] = [range(sizes.length - 1), range(sizes.length - 1, 1)];
        const block = (places: readonly number[]) => take(take(bias, 2, places), 3, places);
        expectClose(block(last), block(first), "composite", layerContext);
      }),
      runs,
    );
  });
});

describe("3 softmax equivalence: what is the same for all keys of a query changes nothing (and additive-biases.test.ts)", () => {
  test.each(all.filter(([, { scores, weights }]) => !scores && !weights))("%s", async (_, encoding) => {
    const rows = defineEncoding({
      kind: "rows",
      settings: {},
      cache: "rotated-keys",
      bias: ({ query }) =>
        query
          .cast("float32")
          .mul(0.7)
          .add(3)
          .reshape([...query.shape, 1]),
    });
    await fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const plain = await encode(backend, { ...sizes, encoding: combine(encoding, none()) });
        const offset = await encode(backend, { ...sizes, encoding: combine(encoding, rows as PositionEncoding) });
        expectClose(offset.output, plain.output, "composite", layerContext);
        expect(largestDifference(offset.scores, plain.scores)).toBeGreaterThan(1);
      }),
      runs,
    );
  });
});

describe("4 causal prefix-consistency", () => {
  test.each(all)("%s: later tokens change no earlier output", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.nat(100), async (sizes, choice) => {
        const kept = 1 + (choice % (sizes.length - 1));
        const [x, other] = [inputOf(sizes), gaussian(inputOf(sizes).shape, "other")];
        const [ids, otherIds] = [tokensOf(sizes), tokensOf({ ...sizes, seed: sizes.seed + 1 })];
        const [whole, changed] = [
          await encode(backend, { ...sizes, encoding }),
          await encode(backend, { ...sizes, encoding, x: mixed(x, other, kept), tokens: mixed(ids, otherIds, kept) }),
        ];
        const before = range(kept);
        expectClose(take(changed.output, 2, before), take(whole.output, 2, before), "composite", layerContext);
      }),
      runs,
    );
  });

  test.each(all)("%s: the last queries' rows are the last rows of all", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.nat(100), async (sizes, choice) => {
        const queries = 1 + (choice % sizes.length);
        const whole = await encode(backend, { ...sizes, encoding });
        const last = await encode(backend, { ...sizes, encoding, queries });
        const rows = range(queries, sizes.length - queries);
        expectClose(last.output, take(whole.output, 2, rows), "composite", layerContext);
        expectClose(visible(last.scores), take(visible(whole.scores), 2, rows), "composite", layerContext);
      }),
      runs,
    );
  });
});

/** The first tokens of one input and the others of another. */
function mixed(first: HostTensor, second: HostTensor, kept: number): HostTensor {
  const [, length, inner = 1] = first.shape as readonly [number, number, number?];
  const data = first.data.map((value, index) => {
    return Math.floor(index / inner) % length < kept ? value : (second.data[index] as number);
  });
  return { ...first, data: data as HostTensor["data"] };
}

describe("17 grouped queries share keys' positions: as if each key head were there for every query head", () => {
  test.each(all)("%s", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const grouped = await encode(backend, { ...sizes, encoding });
        const repeated = await encode(backend, { ...sizes, encoding, repeats: sizes.heads / sizes.kvHeads });
        expectClose(grouped.output, repeated.output, "composite", layerContext);
        expectClose(visible(grouped.scores), visible(repeated.scores), "composite", layerContext);
      }),
      runs,
    );
  });
});

describe("19 permutations", () => {
  const permuted = (given: EncodedCase, axis: number, order: readonly number[]) => {
    const [x, tokens] = [given.x ?? inputOf(given), given.tokens ?? tokensOf(given)];
    return encode(backend, { ...given, x: take(x, axis, order), tokens: take(tokens, axis, order) });
  };

  test.each(all)("%s: rows of a batch know nothing of one another", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, async (given) => {
        const sizes = { ...given, batch: 3 };
        const order = [...permutation(randomKey(sizes.seed), 3)];
        const plain = await encode(backend, { ...sizes, encoding });
        const { output } = await permuted({ ...sizes, encoding }, 0, order);
        expectClose(output, take(plain.output, 0, order), "composite", layerContext);
      }),
      runs,
    );
  });

  const bidirectional = (encoding: PositionEncoding) =>
    fc.asyncProperty(layerSizes, async (sizes) => {
      const order = [...range(sizes.length)].reverse();
      const plain = await encode(backend, { ...sizes, encoding, causal: false });
      const { output } = await permuted({ ...sizes, encoding, causal: false }, 1, order);
      expectClose(output, take(plain.output, 2, order), "composite", layerContext);
    });

  test("without positions and without a causal mask, attention follows the order of its tokens", async () => {
    await fc.assert(bidirectional(none()), { numRuns: 10 });
  });

  test.each(["rope", "alibi", "learned", "t5", "fire", "kerple-log"])("%s does not", async (name) => {
    const encoding = Object.fromEntries(encodings())[name] as PositionEncoding;
    // A symmetric bias has the same value for the reversed order, so tokens are turned by one place instead.
    const sizes = { batch: 1, heads: 2, kvHeads: 1, headSize: 8, length: 6, seed: 3, encoding, causal: false };
    const order = [...range(5, 1), 0];
    const plain = await encode(backend, sizes);
    const { output } = await permuted(sizes, 1, order);
    expect(() => expectClose(output, take(plain.output, 2, order), "goldenSingle")).toThrow("disagree");
  });
});
