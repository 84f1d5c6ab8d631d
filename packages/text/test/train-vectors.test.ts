import { createReferenceBackend } from "@relpos/backend-reference";
import { describe, expect, test } from "vitest";
import { nearest, trainGlove, trainWord2Vec, type WordVectors } from "../src/index.js";

const backend = createReferenceBackend();

/** Two worlds of words that never meet: each is nearest to words of its own. */
const worlds = [
  ["river", "water", "stream", "lake"],
  ["paper", "letter", "book", "page"],
];
const texts = Array.from({ length: 400 }, (_, index) => {
  const words = worlds[index % 2] as readonly string[];
  return Array.from({ length: 8 }, (_, place) => words[(index * 7 + place * place + (index >> 3) * place) % 4]).join(
    " ",
  );
});

function expectWorlds(vectors: WordVectors): void {
  for (const words of worlds) {
    for (const word of words) {
      expect(
        nearest(vectors, word, { count: 3 })
          .map((found) => found.word)
          .sort(),
      ).toEqual(words.filter((other) => other !== word).sort());
    }
  }
}

const common = { width: 8, batch: 256, minFrequency: 1, sample: 1, learningRate: 0.2 };

describe.each([
  ["word2vec", (seed: number, more = {}) => trainWord2Vec(backend, texts, { ...common, epochs: 2, seed, ...more })],
  [
    "GloVe",
    (seed: number, more = {}) => trainGlove(backend, texts, { ...common, epochs: 200, batch: 32, seed, ...more }),
  ],
] as const)("%s", (_, train) => {
  test("words of one world are nearest to one another; the loss falls", async () => {
    const losses: number[] = [];
    const vectors = await train(1, { onStep: ({ loss }: { loss: number }) => losses.push(loss) });
    expect(vectors.words.length).toBe(8);
    expectWorlds(vectors);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });

  test("the same seed gives the same vectors", async () => {
    const few = { epochs: 1 };
    expect((await train(1, few)).table).toEqual((await train(1, few)).table);
    expect((await train(2, few)).table).not.toEqual((await train(1, few)).table);
  });

  test("stops when asked to; needs words", async () => {
    await expect(train(1, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    await expect(train(1, { minFrequency: 10_000 })).rejects.toThrow(
      "texts must hold at least two words that occur 10000 times",
    );
  });
});
