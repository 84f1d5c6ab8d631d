import { type CatalogueEntry, catalogue } from "@relpos/catalogue";
import { expectClose } from "@relpos/conformance";
import { gaussian, roundToFloat32 } from "@relpos/conformance/cases";
import { constant, randomIntegers, randomKey, runAll, slice, type Tensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { type KeyValue, mapNamed, supportsCache, transformer } from "@relpos/core/nn";
import { describe, expect, test } from "vitest";
import { layerContext } from "../../src/encoded-case.js";
import { movedParameters, namedAs } from "../../src/parameters.js";
import { useBackends } from "../use-backends.js";

// A cache that has room behind its rows, filled in pieces, by sequences of unequal lengths.

const backends = useBackends();

const sizes = { vocabulary: 11, layers: 2, width: 8, heads: 4, kvHeads: 2, feedForward: 12, initialDeviation: 0.5 };
const capacity = 16;
/** Tokens of each sequence's prompt, of which the shorter is padded on the right. */
const prompts = [3, 5] as const;
/** Tokens that follow, in pieces. */
const pieces = [1, 2, 1] as const;
const longest = 5 + 1 + 2 + 1;

const settings = { trainLength: capacity, causal: true, embeddingDeviation: 1 };
const encodingOf = (name: string): PositionEncoding => (catalogue[name] as CatalogueEntry).create(settings);

const supported = Object.keys(catalogue)
  .map((name) => [name, encodingOf(name)] as const)
  .filter(([, encoding]) => supportsCache(encoding));

/** For each sequence: logits of the whole, and of the pieces. */
async function decoded<T>(backend: Backend<T>, position: PositionEncoding, window?: number) {
  const model = transformer({ ...sizes, position, ...(window !== undefined && { window }) });
  const weights = mapNamed(movedParameters(model.parameters, 1), roundToFloat32);
  const ids = randomIntegers(randomKey(2), 2 * longest, 0, sizes.vocabulary);
  const rows = [0, 1].map((row) => ids.subarray(row * longest, (row + 1) * longest));
  const piecesOf = [5, ...pieces].map((length, piece) => {
    const start = pieces.slice(0, Math.max(piece - 1, 0)).reduce<number>((sum, size) => sum + size, 0);
    const from = (row: number): number => (piece === 0 ? 0 : (prompts[row] as number) + start);
    const tokens = rows.flatMap((own, row) => [...own.subarray(from(row), from(row) + length)]);
    return { tokens: tensor(tokens, [2, length], "int32"), filled: tensor([from(0), from(1)], [2], "int32") };
  });
  return runAll(
    backend,
    (...values) => {
      const named = namedAs(weights, values);
      const shapes = model.forward(named, { tokens: constant(piecesOf[0]!.tokens) }).present;
      const garbage = ({ shape }: Tensor): Tensor =>
        constant(gaussian([2, shape[1] as number, capacity, shape[3] as number], 7));
      let past: readonly Omit<KeyValue, "length">[] = shapes.map(({ key, value }) => ({
        key: garbage(key),
        value: garbage(value),
      }));
      const logits = piecesOf.map(({ tokens, filled }) => {
        const room = past.map((layer) => ({ ...layer, length: constant(filled) }));
        const output = model.forward(named, { tokens: constant(tokens), past: room });
        past = output.present;
        return output.logits;
      });
      return rows.flatMap((own, row) => {
        const length = (prompts[row] as number) + 4;
        const whole = model.forward(named, { tokens: constant(tensor(own.slice(0, length), [1, length], "int32")) });
        const at = (piece: number): readonly [number, number] => [
          length - 4 + [0, 1, 3][piece]!,
          length - 4 + [1, 3, 4][piece]!,
        ];
        const sameRow = (x: Tensor, own: readonly [number, number]) => slice(x, { 0: [row, row + 1], 1: own });
        return [
          slice(whole.logits, { 1: [0, length - 4] }),
          sameRow(logits[0] as Tensor, [0, length - 4]),
          ...pieces.flatMap((size, piece) => [
            slice(whole.logits, { 1: at(piece) }),
            sameRow(logits[piece + 1] as Tensor, [0, size]),
          ]),
        ];
      });
    },
    ...Object.values(weights),
  );
}

describe("a cache with room, filled in pieces, gives what the whole gives", () => {
  test("most of the causal encodings can attend to one", () => {
    expect(supported.map(([name]) => name)).toEqual(
      expect.arrayContaining(["none", "rope", "alibi", "t5", "rope-yarn"]),
    );
  });

  test.each(supported)("%s, on the reference and on ONNX Runtime", async (_, encoding) => {
    for (const backend of backends()) {
      const results = await decoded(backend as Backend, encoding);
      for (let index = 0; index < results.length; index += 2) {
        expectClose(results[index + 1]!, results[index]!, "composite", layerContext);
      }
    }
  });

  test.each([1, 2, 4])("with a window of %d", async (window) => {
    const results = await decoded(backends()[0] as Backend, encodingOf("rope"), window);
    for (let index = 0; index < results.length; index += 2) {
      expectClose(results[index + 1]!, results[index]!, "composite", layerContext);
    }
  });

  test("an encoding whose scores need all keys says so", () => {
    expect(supportsCache(encodingOf("transformer-xl"))).toBe(false);
  });
});
