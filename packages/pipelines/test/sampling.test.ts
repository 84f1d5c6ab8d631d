import { randomKey, randomNormal, tensor } from "@relpos/core";
import { describe, expect, test } from "vitest";
import { type Choice, createSampler } from "../src/index.js";

const scores = Float32Array.from([1, 3, 2, 0, -1]);
/** Which tokens come in so many draws. */
const drawn = (options: Parameters<typeof createSampler>[0], given = scores, draws = 400): ReadonlySet<number> => {
  const sampler = createSampler(options);
  return new Set(Array.from({ length: draws }, (_, index) => sampler.next(given, after(index))));
};
/** So many tokens that came before. */
const after = (count: number): readonly number[] => new Array<number>(count);

describe("filters", () => {
  test("temperature 0 and topK 1 take the likeliest", () => {
    expect([...drawn({ temperature: 0 })]).toEqual([1]);
    expect([...drawn({ topK: 1 })]).toEqual([1]);
  });

  test("topK: the k highest scores, of equal ones the first", () => {
    expect([...drawn({ topK: 3, temperature: 5 })].sort()).toEqual([0, 1, 2]);
    expect([...drawn({ topK: 2, temperature: 5 }, Float32Array.from([1, 1, 1, 0]))].sort()).toEqual([0, 1]);
  });

  test("topP: the fewest likeliest tokens that reach p; softmax(scores) = 0.636, 0.234, 0.086, …", () => {
    expect([...drawn({ topP: 0.63 })].sort()).toEqual([1]);
    expect([...drawn({ topP: 0.64 })].sort()).toEqual([1, 2]);
    expect([...drawn({ topP: 0.9 })].sort()).toEqual([0, 1, 2]);
  });

  test("minP: at least p as likely as the likeliest: e^{-1} = 0.368, e^{-2} = 0.135", () => {
    expect([...drawn({ minP: 0.3 })].sort()).toEqual([1, 2]);
    expect([...drawn({ minP: 0.13 })].sort()).toEqual([0, 1, 2]);
  });

  test("repetition penalty: a positive score is divided, a negative one multiplied", () => {
    const sampler = createSampler({ temperature: 0, repetitionPenalty: 2 });
    expect(sampler.next(scores, [1])).toBe(2);
    expect(sampler.next(Float32Array.from([-1, -1.5]), [0])).toBe(1);
  });
});

test("tokens come as often as softmax(scores / temperature) says", () => {
  const sampler = createSampler({ temperature: 2, topK: 0 });
  const counts = new Array<number>(scores.length).fill(0);
  const draws = 20_000;
  for (let index = 0; index < draws; index++) counts[sampler.next(scores, after(index))]! += 1;
  const weights = [...scores].map((score) => Math.exp(score / 2));
  const total = weights.reduce((a, b) => a + b);
  counts.forEach((count, token) => {
    const probability = weights[token]! / total;
    const deviation = Math.sqrt((probability * (1 - probability)) / draws);
    expect(Math.abs(count / draws - probability)).toBeLessThan(4 * deviation);
  });
});

test("the same seed draws the same tokens, another one others", () => {
  const tokens = (seed: number): readonly number[] => {
    const sampler = createSampler({ seed, temperature: 3 });
    return Array.from({ length: 30 }, (_, index) => sampler.next(scores, after(index)));
  };
  for (const seed of [0, 1, -7]) expect(tokens(seed)).toEqual(tokens(seed));
  expect(tokens(1)).not.toEqual(tokens(2));
});

test("an infinite score is as good as certain, none that is a number is an error", () => {
  const { POSITIVE_INFINITY: infinite, NEGATIVE_INFINITY: hidden } = Number;
  expect([...drawn({}, Float32Array.from([1, infinite, hidden, 3]))]).toEqual([1]);
  expect([...drawn({ repetitionPenalty: 1e-300 }, Float32Array.from([1, -infinite, 2]), 1)]).toHaveLength(1);
  expect(() => drawn({}, new Float32Array(5).fill(Number.NaN))).toThrow("[sampling] scores must be numbers, got NaN");
});

test("a draw depends on the seed and the position, not on what was drawn before", () => {
  const [first, second] = [createSampler({ seed: 1, temperature: 3 }), createSampler({ seed: 1, temperature: 3 })];
  for (let index = 0; index < 10; index++) first.next(scores, after(index));
  expect(first.next(scores, after(30))).toBe(second.next(scores, after(30)));
});

describe("what a sampler has to be told", () => {
  test.each<[Parameters<typeof createSampler>[0], Choice]>([
    [{ temperature: 0 }, "token"],
    [{ topK: 1 }, "token"],
    [{}, { topK: 50 }],
    [{ topK: 3, topP: 0.5, minP: 0.1, temperature: 2 }, { topK: 3 }],
    [{ topK: 0 }, "scores"],
    [{ topK: 200 }, "scores"],
    [{ temperature: 0, repetitionPenalty: 2 }, "scores"],
    [{ topK: 3, repetitionPenalty: 2 }, "scores"],
  ])("%o: %o", (options, choice) => {
    expect(createSampler(options).choice).toEqual(choice);
  });

  test("of the likeliest alone it draws the same as of all", () => {
    const given = randomNormal(randomKey(1), 200).map((x) => 4 * Math.round(x));
    const all = tensor(Float32Array.from(given), [1, 200]);
    for (const options of [{ topK: 7 }, { topK: 50, topP: 0.7 }, { topK: 20, minP: 0.3, temperature: 3 }]) {
      const sampler = createSampler(options);
      const order = [...given.keys()].sort((a, b) => given[b]! - given[a]! || a - b).slice(0, options.topK);
      const likeliest = tensor(Float32Array.from([...order.map((token) => given[token]!), ...order]), [
        1,
        2,
        options.topK,
      ]);
      for (let index = 0; index < 50; index++) {
        expect(sampler.take(likeliest, after(index))).toBe(sampler.take(all, after(index)));
      }
    }
  });
});

test.each([
  [{ temperature: -1 }, "temperature must be finite and not negative, got -1"],
  [{ topK: 1.5 }, "topK must be whole and not negative, got 1.5"],
  [{ topP: 0 }, "topP must be above 0 and at most 1, got 0"],
  [{ minP: 2 }, "minP must be from 0 to 1, got 2"],
  [{ repetitionPenalty: 0 }, "repetitionPenalty must be positive, got 0"],
])("%o is an error", (options, message) => {
  expect(() => createSampler(options)).toThrow(`[sampling] ${message}`);
});
