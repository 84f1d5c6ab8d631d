import { randomKey } from "@relpos/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketedBatches,
  bucketLengths,
  paddedBatches,
  readText,
  shuffled,
  splitDataset,
  textSource,
} from "../../src/index.js";
import { all } from "./reading.js";

describe("parts, order and batches", () => {
  const numbers = readText(textSource(Array.from({ length: 1000 }, (_, index) => index).join("\n")));
  const texts = async (dataset: AsyncIterable<{ text: string }>) =>
    (await all(dataset)).map(({ text }) => Number(text));

  test("both parts are the whole, the same for the same seed", async () => {
    const { training, validation } = splitDataset(numbers, { share: 0.2, seed: 1 });
    const [kept, held] = [await texts(training), await texts(validation)];
    expect([...kept, ...held].sort((a, b) => a - b)).toEqual(await texts(numbers));
    expect(held.length).toBeGreaterThan(150);
    expect(held.length).toBeLessThan(250);
    expect(await texts(splitDataset(numbers, { share: 0.2, seed: 1 }).validation)).toEqual(held);
    expect(await texts(splitDataset(numbers, { share: 0.2, seed: 2 }).validation)).not.toEqual(held);
  });

  test("shuffling keeps every entry; seed and epoch make the order", async () => {
    const order = await texts(shuffled(numbers, { seed: 1, buffer: 100 }));
    expect(order).not.toEqual(await texts(numbers));
    expect([...order].sort((a, b) => a - b)).toEqual(await texts(numbers));
    expect(await texts(shuffled(numbers, { seed: 1, buffer: 100 }))).toEqual(order);
    expect(await texts(shuffled(numbers, { seed: 1, buffer: 100, epoch: 1 }))).not.toEqual(order);
  });

  test("examples of like length share a batch; padding has mask 0", async () => {
    const examples = [[1], [1, 2, 3], [4], [5, 6, 7, 8]].map((ids) => ({ ids: Int32Array.from(ids) }));
    const batches = await all(paddedBatches(examples, { batch: 2, lengths: [2, 4], padToken: 9 }));
    expect(batches.map(({ tokens, mask }) => [tokens.shape, [...tokens.data], [...mask.data]])).toEqual([
      [
        [2, 2],
        [1, 9, 4, 9],
        [1, 0, 1, 0],
      ],
      [
        [2, 4],
        [1, 2, 3, 9, 5, 6, 7, 8],
        [1, 1, 1, 0, 1, 1, 1, 1],
      ],
    ]);
    const [short] = await all(
      paddedBatches(examples.slice(1, 2), { batch: 2, lengths: [2], padToken: 9, tooLong: "cut" }),
    );
    expect([[...(short?.tokens.data ?? [])], [...(short?.mask.data ?? [])]]).toEqual([
      [1, 2, 9, 9],
      [1, 1, 0, 0],
    ]);
    await expect(all(paddedBatches(examples, { batch: 2, lengths: [2], padToken: 9 }))).rejects.toThrow(
      '[paddedBatches] an example must have at most 2 tokens, or tooLong must be "cut", got 3',
    );
  });
});

describe("batches of examples of like length", () => {
  test("have every example once in an epoch, and at most a filled batch more", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 3 }),
        (sizes, batch, epoch) => {
          const plan = bucketedBatches({ sizes, batch, key: randomKey(1) });
          const steps = Array.from({ length: plan.perEpoch }, (_, step) => plan.at(epoch * plan.perEpoch + step));
          const rows = steps.flatMap((step) => step.rows);
          expect(new Set(rows)).toEqual(new Set(sizes.keys()));
          expect(rows.length).toBeLessThan(sizes.length + plan.lengths.length * batch);
          for (const { length, rows: own } of steps) {
            expect(own).toHaveLength(batch);
            expect(plan.lengths).toContain(length);
            expect(Math.max(...own.map((row) => sizes[row]!))).toBeLessThanOrEqual(length);
          }
        },
      ),
    );
  });

  test("are the same whenever they are asked for, and others in the next epoch", () => {
    const sizes = Array.from({ length: 40 }, (_, row) => 1 + (row % 30));
    const plan = () => bucketedBatches({ sizes, batch: 8, key: randomKey(7) });
    const one = plan();
    const later = one.at(9);
    expect(plan().at(2)).toEqual(one.at(2));
    expect(plan().at(9)).toEqual(later);
    expect(one.at(0).rows).not.toEqual(one.at(one.perEpoch).rows);
    expect(one.lengths).toEqual(bucketLengths(sizes, 8, 4));
  });

  test("have the lengths with the fewest tokens, those that fill a last batch counted", () => {
    const sizes = [...Array(90).fill(20), ...Array(60).fill(7), 60];
    expect(bucketLengths(sizes, 10, 1)).toEqual([64]);
    expect(bucketLengths(sizes, 10, 2)).toEqual([24, 64]);
    expect(bucketLengths(sizes, 10, 3)).toEqual([8, 24, 64]);
    // One long example alone would fill a batch of its own: with 4 × 64 tokens the last batch of 24 is cheaper at 64.
    expect(bucketLengths([...Array(5).fill(20), 60], 8, 2)).toEqual([64]);
  });
});
