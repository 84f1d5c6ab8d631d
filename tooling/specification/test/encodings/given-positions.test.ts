import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, integers } from "@relpos/conformance/cases";
import { concat, exactTensor, type HostTensor, randomKey, run, runAll, slice, type Tensor } from "@relpos/core";
import {
  abacus,
  abacusPositions,
  alibi,
  bilevelPositions,
  bipe,
  capePositions,
  coupledAdditionPositions,
  coupledPositions,
  learned,
  positionCoupling,
  randomizedPositions,
  rope,
  roundedCapePositions,
  shiftedPositions,
} from "@relpos/core/encodings";
import { initializeParameters, type Named, transformer } from "@relpos/core/nn";
import { adamW, constantRate, nextToken, Trainer, tokenBatch } from "@relpos/core/train";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { exact } from "../../src/host-numbers.js";
import { namedAs } from "../../src/parameters.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const listOf = ({ data }: HostTensor) => Array.from(data);

describe("randomized positions", () => {
  test("are distinct, in order, below the maximum, and the same for the same key", () => {
    const sizes = fc.integer({ min: 1, max: 30 }).chain((length) => {
      return fc.tuple(fc.nat(), fc.constant(length), fc.integer({ min: length, max: 64 }));
    });
    fc.assert(
      fc.property(sizes, ([seed, length, maximum]) => {
        const drawn = listOf(randomizedPositions(randomKey(seed), length, maximum));
        expect(drawn).toEqual(listOf(randomizedPositions(randomKey(seed), length, maximum)));
        expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
        expect(drawn.length).toBe(length);
        expect(drawn.every((position) => position >= 0 && position < maximum)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("are all positions where there are no more, and every position as often as any other", () => {
    expect(listOf(randomizedPositions(randomKey(1), 5, 5))).toEqual([0, 1, 2, 3, 4]);
    const counts = Array(8).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const position of listOf(randomizedPositions(randomKey(seed), 2, 8))) counts[position]++;
    }
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
    expect(() => randomizedPositions(randomKey(1), 6, 5)).toThrow("length must be at most the maximum 5, got 6");
  });

  test("train a model as part of its batches", async () => {
    const model = transformer({ vocabulary: 5, layers: 1, width: 8, heads: 2, position: rope() });
    const trainer = await Trainer.create(backend, {
      parameters: model.parameters,
      loss: nextToken(model),
      batch: { ...tokenBatch(2, 4), positions: { shape: [2, 4], dtype: "int32" } },
      optimizer: adamW({ learningRate: constantRate(0.02) }),
    });
    const values = {
      tokens: integers([0, 1, 2, 3, 4, 3, 2, 1], [2, 4]),
      labels: integers([1, 2, 3, 4, 3, 2, 1, 0], [2, 4]),
    };
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) {
      const { data } = randomizedPositions(randomKey(step), 4, 64);
      const { loss } = await trainer.train({ ...values, positions: integers([...data, ...data], [2, 4]) });
      losses.push(loss);
    }
    expect(losses[4]).toBeLessThan(losses[0] as number);
    await trainer.dispose();
  });
});

describe("shifted positions", () => {
  test("SHAPE moves all positions by one number up to the maximum", () => {
    const shifts = Array.from({ length: 200 }, (_, seed) => {
      const [first, ...rest] = listOf(shiftedPositions(randomKey(seed), 4, 3)) as [number, ...number[]];
      expect(rest).toEqual([first + 1, first + 2, first + 3]);
      return first;
    });
    expect([...new Set(shifts)].sort()).toEqual([0, 1, 2, 3]);
  });

  test("CAPE without options are the positions; its parts act as they say", () => {
    const at = (options: object) => [...capePositions(randomKey(5), 6, options)];
    const steps = (values: readonly number[]) => values.slice(1).map((value, i) => value - (values[i] as number));
    expect(at({})).toEqual([0, 1, 2, 3, 4, 5]);
    expect(at({ centred: true })).toEqual([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]);
    const shifted = at({ globalShift: 5 });
    expect(Math.abs(shifted[0] as number)).toBeLessThanOrEqual(5);
    expectClose(exact(steps(shifted)), exact([1, 1, 1, 1, 1]), "composite");
    const scaled = at({ scaling: 2 });
    expect(scaled[1]).toBeGreaterThan(0.5);
    expect(scaled[1]).toBeLessThan(2);
    expect(scaled[5]).toBe(5 * (scaled[1] as number));
    for (const step of steps(at({ localShift: 0.5 }))) expect(step).toBeGreaterThan(0);
    const rounded = listOf(roundedCapePositions(randomKey(5), 6, { globalShift: 5, localShift: 0.5, scaling: 2 }));
    expect(rounded).toEqual(at({ globalShift: 5, localShift: 0.5, scaling: 2 }).map((p) => Math.round(p) + 0));
    expect(() => at({ scaling: 0.5 })).toThrow("[capePositions] scaling must be at least 1, got 0.5");
  });
});

/** Digits are 0 … 3, other tokens 4 and more. */
const digits = [0, 1, 2, 3];
const tokens = integers([1, 2, 5, 0, 0, 3, 9, 4, 6, 3, 1, 4, 4, 2], [2, 7]);
const places = [1, 2, 0, 1, 2, 3, 0, 0, 0, 1, 2, 0, 0, 1];

describe("abacus", () => {
  test("counts digits from the start of each run, and moves only them by the offset", () => {
    expect(listOf(abacusPositions(tokens, digits))).toEqual(places);
    expect(listOf(abacusPositions(tokens, digits, 10))).toEqual(places.map((place) => (place > 0 ? place + 10 : 0)));
  });

  test("finds in the graph the places that the host finds", async () => {
    const [counted, given] = await runAll(
      backend,
      (weight, x, ids, positions) => {
        const context = { parameters: { weight: weight as Tensor }, x: x as Tensor, tokens: ids as Tensor };
        return [
          abacus({ rows: 4, digits }).embed({ ...context, positions: positions as Tensor }),
          abacus({ rows: 4 }).embed({ ...context, positions: positions as Tensor }),
        ];
      },
      gaussian([4, 3]),
      gaussian([2, 7, 3]),
      tokens,
      abacusPositions(tokens, digits),
    );
    expectClose(counted as HostTensor, given as HostTensor, "exact");
  });

  test("shares the last row among places past the table", async () => {
    const sum = await run(
      backend,
      (weight, x, ids) =>
        abacus({ rows: 2, digits }).embed({
          parameters: { weight: weight as Tensor },
          x: x as Tensor,
          tokens: ids as Tensor,
          positions: ids as Tensor,
        }),
      exactTensor([5, 7], [2, 1]),
      exactTensor(new Float64Array(14), [2, 7, 1]),
      tokens,
    );
    expectClose(
      sum,
      exactTensor(
        places.map((place) => (place > 0 ? 7 : 5)),
        [2, 7, 1],
      ),
      "exact",
    );
  });

  test("gradients agree with central differences", async () => {
    await checkGradients(backend, {
      f: (weight, x, ids) =>
        abacus({ rows: 4, digits }).embed({
          parameters: { weight: weight as Tensor },
          x: x as Tensor,
          tokens: ids as Tensor,
          positions: ids as Tensor,
        }),
      inputs: [gaussian([4, 2]), gaussian([2, 7, 2]), tokens],
    });
  });

  test("a model decodes with a cache when it is given the places of all tokens", async () => {
    const sizes = { vocabulary: 10, layers: 1, width: 8, heads: 2, initialDeviation: 0.5 } as const;
    const training = transformer({ ...sizes, position: abacus({ rows: 4, digits }) });
    const decoding = transformer({ ...sizes, position: abacus({ rows: 4 }) });
    expect(Object.keys(decoding.parameters)).toEqual(Object.keys(training.parameters));
    const weights = Object.values(initializeParameters(training.parameters, 3));
    const named = (values: readonly unknown[]) => namedAs(training.parameters, values);
    const [whole, stepped] = await runAll(
      backend,
      (ids, positions, ...w) => {
        const at = (from: number, to: number) => ({
          tokens: slice(ids as Tensor, { 1: [from, to] }),
          positions: slice(positions as Tensor, { 1: [from, to] }),
          keyPositions: slice(positions as Tensor, { 1: [0, to] }),
        });
        const first = decoding.forward(named(w), at(0, 4));
        const second = decoding.forward(named(w), { ...at(4, 7), past: first.present });
        return [training.forward(named(w), { tokens: ids as Tensor }).logits, concat([first.logits, second.logits], 1)];
      },
      tokens,
      abacusPositions(tokens, digits),
      ...weights,
    );
    expectClose(stepped as HostTensor, whole as HostTensor, "composite", { length: 100, magnitude: 10 });
  });
});

describe("position coupling", () => {
  test("digits of one significance share a position in 653+49=0702, lowest digit first in the answer", () => {
    const positions = listOf(coupledAdditionPositions({ first: 3, second: 2, answer: 4 }));
    //                          6  5  3  +  4  9  =  2  0  7  0
    expect(positions).toEqual([2, 3, 4, 5, 3, 4, 5, 4, 3, 2, 1]);
    const plain = listOf(coupledAdditionPositions({ first: 3, second: 2, answer: 3 }, { start: 7, reversed: false }));
    expect(plain).toEqual([8, 9, 10, 11, 9, 10, 11, 8, 9, 10]);
    expect(() => coupledAdditionPositions({ first: 2, second: 1, answer: 4 })).toThrow(
      "[coupledAdditionPositions] the answer must have at most 3 digits, got 4",
    );
  });

  test("of numbers that all begin with their lowest digit follow from the tokens; signs have the start", () => {
    //                      3  5  6  +  9  4  =  2  0  7
    const sum = integers([3, 5, 6, 10, 9, 4, 11, 2, 0, 7], [10]);
    const numbers = integers([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [10]).data;
    expect(listOf(coupledPositions(sum, [...numbers]))).toEqual([2, 3, 4, 1, 2, 3, 1, 2, 3, 4]);
    expect(listOf(coupledPositions(sum, [...numbers], 7))).toEqual([8, 9, 10, 7, 8, 9, 7, 8, 9, 10]);
  });

  test("adds the row of each coupled position, the last one past the table", async () => {
    const [sum, row] = await runAll(
      backend,
      (weight, x, positions, rows) => [
        positionCoupling({ rows: 4 }).embed({
          parameters: { weight: weight as Tensor },
          x: x as Tensor,
          positions: positions as Tensor,
        }),
        learned({ maximumPositions: 4 }).embed({
          parameters: { weight: weight as Tensor },
          x: x as Tensor,
          positions: rows as Tensor,
        }),
      ],
      gaussian([4, 2]),
      gaussian([1, 6, 2]),
      coupledAdditionPositions({ first: 1, second: 1, answer: 2 }, { start: 2 }),
      integers([3, 3, 3, 3, 3, 2], [6]),
    );
    expectClose(sum as HostTensor, row as HostTensor, "exact");
  });
});

describe("bilevel positions", () => {
  const text = integers([4, 4, 9, 4, 9, 9, 4, 4, 4, 4, 4, 4, 9, 4], [2, 7]);

  test("a separator ends its segment, places past the capacity stay at its end", () => {
    const split = (capacity: number) => {
      const packed = listOf(bilevelPositions(text, [9], capacity));
      return { place: packed.map((p) => p % capacity), segment: packed.map((p) => Math.floor(p / capacity)) };
    };
    expect(split(8)).toEqual({
      place: [0, 1, 2, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 0],
      segment: [0, 0, 0, 1, 1, 2, 3, 0, 0, 0, 0, 0, 0, 1],
    });
    expect(split(3).place.slice(7)).toEqual([0, 1, 2, 2, 2, 2, 0]);
  });

  test.each([
    { name: "rope", between: rope() },
    { name: "alibi", between: alibi() },
  ])("places are embedded and segments go to $name", async ({ between }) => {
    const encoding = bipe({ capacity: 8, between });
    const packed = bilevelPositions(text, [9], 8);
    const [sum, expected, query, key] = await runAll(
      backend,
      (weight, x, positions, place) => {
        const at = encoding.positions?.({
          parameters: {},
          query: positions as Tensor,
          key: positions as Tensor,
          heads: 2,
        });
        const parameters: Named<Tensor> = { "0.weight": weight as Tensor };
        return [
          encoding.embed?.({ parameters, x: x as Tensor, positions: positions as Tensor }) as Tensor,
          learned({ maximumPositions: 8 }).embed({
            parameters: { weight: weight as Tensor },
            x: x as Tensor,
            positions: place as Tensor,
          }),
          at?.query as Tensor,
          at?.key as Tensor,
        ];
      },
      gaussian([8, 3]),
      gaussian([2, 7, 3]),
      packed,
      integers(
        listOf(packed).map((p) => p % 8),
        [2, 7],
      ),
    );
    expectClose(sum as HostTensor, expected as HostTensor, "exact");
    const segments = listOf(packed).map((p) => Math.floor(p / 8));
    expect(listOf(query as HostTensor)).toEqual(segments);
    expect(listOf(key as HostTensor)).toEqual(segments);
    expect(encoding.kind).toBe("bipe");
    expect([encoding.transform, encoding.bias].map(Boolean)).toEqual([
      between.kind === "rope",
      between.kind === "alibi",
    ]);
  });

  test("plain positions mean segments of the capacity", () => {
    const plain = integers([4, 4, 9, 4, 4, 9, 4], [7]);
    expect(listOf(bilevelPositions(plain, [9], 3))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
