import {
  add,
  check,
  foldIn,
  mul,
  permutation,
  randomKey,
  reduceSum,
  square,
  sub,
  type Tensor,
  tensor,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { pairKey, pairOf } from "../../tokenizers/pair-key.js";
import type { Texts } from "../../tokenizers/training.js";
import { type WordVectors, wordVectors } from "../word-vectors.js";
import { type CorpusOptions, readCorpus, type WordCorpus } from "./corpus.js";
import { randomTable } from "./random-table.js";
import type { RowTrainerOptions } from "./row-trainer.js";
import { type StepInputs, trainRows } from "./train-rows.js";
import type { VectorTrainingOptions } from "./training-events.js";

/** How GloVe is trained. */
export interface GloveOptions extends VectorTrainingOptions, Omit<CorpusOptions, "onProgress"> {
  /** Pairs that occur as often, or more often, count fully. Default is 100. */
  readonly maxCount?: number;
  /** How pairs that occur less often count: (x / maxCount) to this power. Default is 0.75. */
  readonly exponent?: number;
}

const operation = "trainGlove";

/**
 * Trains word vectors on how often words occur together (Pennington et al. 2014, "GloVe: Global Vectors for Word
 * Representation"): Σ f(x) (w·v + b + c − log x)² over pairs that occur x times, two words k apart counted as 1/k, with AdaGrad.
 *
 * A word's vector is the sum of w and v, as there. The same seed gives the same vectors on the same backend.
 */
export async function trainGlove<T>(
  backend: Backend<T>,
  texts: Texts,
  options: GloveOptions = {},
): Promise<WordVectors> {
  const { width = 100, window = 5, epochs = 25, batch = 1024, learningRate = 0.05, seed = 0 } = options;
  const { maxCount = 100, exponent = 0.75 } = options;
  const corpus = await readCorpus(operation, texts, options);
  const pairs = [...coOccurrences(corpus, window)];
  check(pairs.length > 0, operation, () => "texts must have words beside one another, got none");
  const key = foldIn(randomKey(seed), operation);

  // The last number of a row is its bias.
  const rowWidth = width + 1;
  const [words, contexts] = ["words", "contexts"].map((name) => {
    return randomTable(foldIn(key, name), corpus.words.length, rowWidth);
  }) as [Float32Array, Float32Array];
  const mask = (last: number) =>
    tensor(
      Float32Array.from({ length: rowWidth }, (_, at) => (at === width ? last : 1 - last)),
      [1, rowWidth],
    );
  const weigh = (count: number) => Math.min(1, (count / maxCount) ** exponent);
  const inputsOf = (chosen: readonly (readonly [pair: number, count: number])[]): StepInputs => {
    const column = (value: (count: number) => number) =>
      tensor(
        Float32Array.from({ length: batch }, (_, row) => (chosen[row] ? value(chosen[row][1]) : 0)),
        [batch, 1],
      );
    const side = (which: 0 | 1) =>
      Int32Array.from({ length: batch }, (_, row) => (chosen[row] ? pairOf(chosen[row][0])[which] : 0));
    return {
      rows: [
        { table: words, width: rowWidth, rows: side(0) },
        { table: contexts, width: rowWidth, rows: side(1) },
      ],
      others: [mask(0), mask(1), column(Math.log), column(weigh)],
      pairs: chosen.length,
    };
  };
  const program: RowTrainerOptions = {
    rows: [
      [batch, rowWidth],
      [batch, rowWidth],
    ],
    others: [
      [1, rowWidth],
      [1, rowWidth],
      [batch, 1],
      [batch, 1],
    ],
    loss: ([w, v], [product, biases, logs, weights]) => gloveLoss(w!, v!, product!, biases!, logs!, weights!),
    learningRate,
  };
  const inputs = function* (epoch: number): Generator<StepInputs> {
    const order = permutation(foldIn(foldIn(key, "order"), epoch), pairs.length);
    for (let start = 0; start < order.length; start += batch) {
      yield inputsOf(Array.from(order.subarray(start, start + batch), (index) => pairs[index]!));
    }
  };
  const steps = epochs * Math.ceil(pairs.length / batch);
  await trainRows(backend, program, { epochs, steps, inputs }, options);

  const table = new Float32Array(corpus.words.length * width);
  for (let row = 0; row < corpus.words.length; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * rowWidth + i;
      table[row * width + i] = (words[at] as number) + (contexts[at] as number);
    }
  }
  return wordVectors(corpus.words, table);
}

/** Rows w and v [B, D + 1] with their biases last, masks of vector and bias [1, D + 1], log x and f(x) [B, 1]; half the sum. */
function gloveLoss(w: Tensor, v: Tensor, vector: Tensor, bias: Tensor, logs: Tensor, weights: Tensor): Tensor {
  const product = reduceSum(mul(mul(w, v), vector), 1, { keepDims: true });
  const biases = reduceSum(mul(add(w, v), bias), 1, { keepDims: true });
  return mul(reduceSum(mul(weights, square(sub(add(product, biases), logs)))), 0.5);
}

/** How often words stand up to `window` apart, in both orders, each time counted as 1 by the distance. */
function coOccurrences({ texts }: WordCorpus, window: number): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const words of texts) {
    for (const [place, word] of words.entries()) {
      for (let distance = 1; distance <= Math.min(window, place); distance++) {
        const other = words[place - distance] as number;
        for (const pair of [pairKey(word, other), pairKey(other, word)]) {
          counts.set(pair, (counts.get(pair) ?? 0) + 1 / distance);
        }
      }
    }
  }
  return counts;
}
