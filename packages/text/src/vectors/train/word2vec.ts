import {
  add,
  check,
  foldIn,
  logSigmoid,
  mul,
  neg,
  randomKey,
  reduceSum,
  reshape,
  type Tensor,
  tensor,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Texts } from "../../tokenizers/training.js";
import { type WordVectors, wordVectors } from "../word-vectors.js";
import { type CorpusOptions, readCorpus } from "./corpus.js";
import { randomTable } from "./random-table.js";
import type { RowTrainerOptions } from "./row-trainer.js";
import { inPairBatches, negativeSampler, skipGrams } from "./skip-grams.js";
import { type StepInputs, trainRows } from "./train-rows.js";
import type { VectorTrainingOptions } from "./training-events.js";

/** How word2vec is trained. */
export interface Word2VecOptions extends VectorTrainingOptions, Omit<CorpusOptions, "onProgress"> {
  /** Words drawn against each true one. Default is 5. */
  readonly negatives?: number;
  /** Frequent words are left out at random, the more the likelier they are above this share. Default is 1e-3. */
  readonly sample?: number;
}

const operation = "trainWord2Vec";

/**
 * Trains word vectors by skip-gram with negative sampling (Mikolov et al. 2013, "Distributed Representations of Words and
 * Phrases and their Compositionality"): −log σ(u·v) − Σ log σ(−n·v) for a word v, one beside it u, and words n drawn by
 * their frequency to the power of ¾.
 *
 * Windows are of random width up to `window`, as there. Steps are of many pairs with AdaGrad, where the original takes one pair
 * after the other. The same seed gives the same vectors on the same backend.
 */
export async function trainWord2Vec<T>(
  backend: Backend<T>,
  texts: Texts,
  options: Word2VecOptions = {},
): Promise<WordVectors> {
  const { width = 100, window = 5, epochs = 5, batch = 1024, learningRate = 0.05, seed = 0 } = options;
  const { negatives = 5, sample = 1e-3 } = options;
  const corpus = await readCorpus(operation, texts, options);
  const key = foldIn(randomKey(seed), operation);
  const pairsOf = (epoch: number) => skipGrams(corpus, { window, sample, key: foldIn(key, epoch) });
  let pairs = 0;
  for (const _ of pairsOf(0)) pairs++;
  check(pairs > 0, operation, () => "texts must have words beside one another, got none");
  const steps = epochs * Math.ceil(pairs / batch);

  const centers = randomTable(foldIn(key, "vectors"), corpus.words.length, width);
  const contexts = new Float32Array(centers.length);
  const draw = negativeSampler(corpus.counts, foldIn(key, "negatives"));
  const program: RowTrainerOptions = {
    rows: [
      [batch, width],
      [batch, width],
      [batch * negatives, width],
    ],
    others: [[batch, 1]],
    loss: ([v, u, n], [weight]) => skipGramLoss(v!, u!, n!, weight!, negatives),
    learningRate,
  };
  const inputs = function* (epoch: number, first: number): Generator<StepInputs> {
    let step = first;
    for (const { center, context, weights, count } of inPairBatches(pairsOf(epoch), batch)) {
      yield {
        rows: [
          { table: centers, width, rows: center },
          { table: contexts, width, rows: context },
          { table: contexts, width, rows: draw(step++, batch * negatives) },
        ],
        others: [tensor(weights, [batch, 1])],
        pairs: count,
      };
    }
  };
  await trainRows(backend, program, { epochs, steps, inputs }, options);
  return wordVectors(corpus.words, centers);
}

/** Rows of words v and u [B, D], drawn ones n [B·K, D], weights [B, 1]; the loss summed over pairs. */
function skipGramLoss(v: Tensor, u: Tensor, n: Tensor, weight: Tensor, negatives: number): Tensor {
  const [batch, width] = v.shape as readonly [number, number];
  const near = logSigmoid(reduceSum(mul(v, u), 1, { keepDims: true }));
  const products = reduceSum(mul(reshape(v, [batch, 1, width]), reshape(n, [batch, negatives, width])), 2);
  const far = reduceSum(logSigmoid(neg(products)), 1, { keepDims: true });
  return neg(reduceSum(mul(add(near, far), weight)));
}
