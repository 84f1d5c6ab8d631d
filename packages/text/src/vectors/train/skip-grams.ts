import { foldIn, type RandomKey, randomUniform } from "@relpos/core";
import type { WordCorpus } from "./corpus.js";

/** Pairs of a word and one beside it, as many as a step takes; the last are padded with weight 0. */
export interface PairBatch {
  readonly center: Int32Array;
  readonly context: Int32Array;
  readonly weights: Float32Array;
  /** Pairs with weight 1. */
  readonly count: number;
}

export interface SkipGramOptions {
  readonly window: number;
  readonly sample: number;
  readonly key: RandomKey;
}

/**
 * Visits pairs of a corpus: a word, and those up to 1 … window words away, after frequent words were left out with the
 * probability 1 − √(t/f) of word2vec's code, which keeps a word of share f with (√(f/t) + 1) · t/f.
 */
export function* skipGrams(
  { texts, counts }: WordCorpus,
  { window, sample, key }: SkipGramOptions,
): Generator<readonly [center: number, context: number]> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const keep = counts.map((count) => (Math.sqrt(count / (sample * total)) + 1) * ((sample * total) / count));
  for (const [index, text] of texts.entries()) {
    const chance = randomUniform(foldIn(key, index), 2 * text.length);
    const words = text.filter((word, place) => (chance[2 * place] as number) < (keep[word] as number));
    for (const [place, center] of words.entries()) {
      const reach = 1 + Math.floor((chance[2 * place + 1] as number) * window);
      for (let other = Math.max(0, place - reach); other <= Math.min(words.length - 1, place + reach); other++) {
        if (other !== place) yield [center, words[other] as number];
      }
    }
  }
}

/** Pairs in batches of one size. */
export function* inPairBatches(pairs: Iterable<readonly [number, number]>, batch: number): Generator<PairBatch> {
  let [center, context] = [new Int32Array(batch), new Int32Array(batch)];
  let count = 0;
  const finish = (): PairBatch => {
    const done = { center, context, weights: new Float32Array(batch).fill(1, 0, count), count };
    [center, context, count] = [new Int32Array(batch), new Int32Array(batch), 0];
    return done;
  };
  for (const [first, second] of pairs) {
    center[count] = first;
    context[count++] = second;
    if (count === batch) yield finish();
  }
  if (count > 0) yield finish();
}

/** Draws words by their frequency to the power of ¾: as many as are asked for, a pure function of the step. */
export function negativeSampler(counts: Float64Array, key: RandomKey): (step: number, count: number) => Int32Array {
  const sums = counts.map((count) => count ** 0.75);
  for (let i = 1; i < sums.length; i++) sums[i] = (sums[i] as number) + (sums[i - 1] as number);
  const total = sums[sums.length - 1] as number;
  const find = (goal: number): number => {
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) > goal) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return (step, count) => Int32Array.from(randomUniform(foldIn(key, step), count), (value) => find(value * total));
}
