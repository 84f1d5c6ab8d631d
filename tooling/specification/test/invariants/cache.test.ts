import { catalogue } from "@relpos/catalogue";
import { expectClose, violations } from "@relpos/conformance";
import { roundToFloat32 } from "@relpos/conformance/cases";
import {
  concat,
  constant,
  type HostTensor,
  randomIntegers,
  randomKey,
  runAll,
  slice,
  type Tensor,
  tensor,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { type KeyValue, mapNamed, transformer } from "@relpos/core/nn";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layerContext } from "../../src/encoded-case.js";
import { range } from "../../src/host-numbers.js";
import { movedParameters, namedAs } from "../../src/parameters.js";
import { useBackends } from "../use-backends.js";

// Cached decoding of a whole model, which goes through every hook; models.test.ts cuts once, here pieces are random.

const backends = useBackends();

const sizes = { vocabulary: 11, layers: 2, width: 8, heads: 2, kvHeads: 1, feedForward: 12, initialDeviation: 0.5 };

/** Frequencies that depend on the length would differ between a piece and the whole: see rope-scaling.test.ts. */
const byLength = ["rope-dynamic", "rope-longrope"];
const longest = 10;

const all = Object.entries(catalogue).map(([name, entry]): readonly [string, PositionEncoding] => {
  const made = (trainLength: number) => entry.create({ trainLength, causal: true, embeddingDeviation: 1 });
  const short = made(6);
  return [name, short.maximumPositions || byLength.includes(name) ? made(2 * longest) : short];
});

interface Pieces {
  readonly seed: number;
  readonly padding: number;
  /** Where pieces end, the last one at the end of all. */
  readonly ends: readonly number[];
}

const pieces: fc.Arbitrary<Pieces> = fc.record({
  seed: fc.nat(1000),
  padding: fc.integer({ min: 1, max: 4 }),
  ends: fc
    .tuple(
      fc.integer({ min: 6, max: longest }),
      fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 2 }),
    )
    .map(([length, cuts]) => [...cuts.sort((a, b) => a - b), length]),
});

/** Logits of two rows by themselves, and of both in pieces, with padding before the first. */
async function decoded<T>(backend: Backend<T>, position: PositionEncoding, { seed, padding, ends }: Pieces) {
  const model = transformer({ ...sizes, position });
  const weights = mapNamed(movedParameters(model.parameters, seed), roundToFloat32);
  const length = ends.at(-1) as number;
  const tokens = tensor(randomIntegers(randomKey(seed), 2 * length, 0, sizes.vocabulary), [2, length], "int32");
  const counted = range(2 * length).map((i) => (i < length ? Math.max(i - padding, 0) : i - length));
  const places = constant(tensor(counted, [2, length], "int32"));
  const shown = range(2 * length).map((i) => (i < padding ? 0 : 1));
  const mask = constant(tensor(shown, [2, 1, 1, length], "bool"));
  const results = await runAll(
    backend,
    (ids, ...values) => {
      const named = namedAs(weights, values);
      const tokensAt = (rows: readonly [number, number], own: readonly [number, number]): Tensor =>
        slice(ids as Tensor, { 0: rows, 1: own });
      let past: readonly KeyValue[] | undefined;
      const logits = ends.map((end, index) => {
        const own = [ends[index - 1] ?? 0, end] as const;
        const corrected = {
          positions: slice(places, { 1: own }),
          keyPositions: slice(places, { 1: [0, end] }),
          mask: slice(mask, { 3: [0, end] }),
        };
        const output = model.forward(named, { tokens: tokensAt([0, 2], own), past, ...(padding > 0 && corrected) });
        past = output.present;
        return output.logits;
      });
      const pieced = concat(logits, 1);
      return [
        model.forward(named, { tokens: tokensAt([1, 2], [0, length]) }).logits,
        slice(pieced, { 0: [1, 2] }),
        model.forward(named, { tokens: tokensAt([0, 1], [padding, length]) }).logits,
        slice(pieced, { 0: [0, 1], 1: [padding, length] }),
      ];
    },
    tokens,
    ...Object.values(weights),
  );
  return results as readonly [whole: HostTensor, pieced: HostTensor, padlessWhole: HostTensor, padded: HostTensor];
}

describe("5 and 18: a cache filled in any pieces, with padding on the left or not, gives what the whole gives", () => {
  /** Convolutions over earlier tokens see what was masked. */
  const seesPadding = ["path", "path-fox", "selective-rope"];

  test.each(all)("%s, on the reference and on ONNX Runtime", async (name, encoding) => {
    const check = async (backend: Backend, given: Pieces) => {
      const [whole, pieced, alone, padded] = await decoded(backend, encoding, given);
      expectClose(pieced, whole, "composite", layerContext);
      const seen = given.padding > 0 && seesPadding.includes(name);
      if (!seen) expectClose(padded, alone, "composite", layerContext);
    };
    await fc.assert(
      fc.asyncProperty(pieces, async (given) => {
        const [reference, onnx] = backends() as readonly [Backend, Backend];
        await check(reference, { ...given, padding: 0 });
        await check(reference, given);
        await check(onnx, given);
      }),
      { numRuns: 1 },
    );
  });

  test.each(all.filter(([name]) => seesPadding.includes(name)))("%s sees padding, as expected", async (_, encoding) => {
    const [reference] = backends() as readonly [Backend, Backend];
    const given = [1, 2, 3, 4].map((seed): Pieces => ({ seed, padding: 2, ends: [3, longest] }));
    const seen = await Promise.all(
      given.map(async (pieces) => {
        const [, , alone, padded] = await decoded(reference, encoding, pieces);
        return violations(padded, alone, "goldenSingle") !== undefined;
      }),
    );
    expect(seen).toContain(true);
  });
});
