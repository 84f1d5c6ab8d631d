import { createModelRunner } from "@relpos/checkpoints";
import { crossEntropy, type Tensor } from "@relpos/core";
import { runWith, translateTokens } from "@relpos/pipelines";
import type { ParallelRecord, Tokenizer } from "@relpos/text";
import { corpusBleu, corpusChrf, perplexity } from "../metrics/index.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { spread } from "./reproduction.js";
import { commonSettings, exampleTraining, int32, specialToken } from "./sequences.js";
import { createPairScorer, ignored, pairBatch, pairLength, type TranslationPair } from "./translation-pairs.js";

type Records = readonly ParallelRecord[];

/** Sentences that are translated, in the simplest way, at an examination on the way. */
const briefSentences = 64;

/** Translation: a sentence in another language, by encoder and decoder. */
export const translate: LanguageTask<Records> = {
  name: "translate",
  summary: "a sentence in another language",
  headline: "bleu",
  texts: (records) => records.flatMap(({ source, target }) => [source, target]),
  settings: (_, tokenizer, sizes) => {
    for (const role of ["pad", "eos"] as const) specialToken(tokenizer, role);
    return commonSettings("translate", tokenizer, sizes);
  },
  training(context, options) {
    const { model, records } = context;
    const pairs = pairsOf(context);
    return exampleTraining(
      {
        model,
        sizes: pairs.map(pairLength),
        types: (batch, size) => ({
          source: int32(batch, size),
          tokens: int32(batch, size),
          labels: int32(batch, size),
        }),
        rows: (rows, size) =>
          pairBatch(
            rows.map((row) => pairs[row]!),
            size,
            model.settings.pad,
          ),
        loss: (weights, batch, drop) => {
          const { logits } = model.apply(weights, batch, drop) as { logits: Tensor };
          const { labelSmoothing } = options;
          return crossEntropy(logits, batch.labels as Tensor, { ignoreIndex: ignored, labelSmoothing });
        },
      },
      { ...options, batch: Math.min(options.batch, records.length) },
    );
  },
  examiner(backend, context) {
    const { records, options } = context;
    const { model, tokenizer } = context;
    const { length } = model.settings;
    const runner = createModelRunner(model.model, backend);
    const scorer = createPairScorer(backend, model);
    const pairs = pairsOf(context);
    const words = options.language === "zh" ? "zh" : "13a";
    return {
      async examine(parameters, { signal, onProgress, brief = false } = {}) {
        const { nats, count } = await scorer.score(parameters, pairs, { signal });
        const chosen = brief ? spread(records, briefSentences) : records;
        const sources = chosen.map(({ source }) => sourceTokens(tokenizer, source, length));
        const search = { beams: brief ? 1 : (options.beams ?? 4), maxTokens: length, signal, onProgress };
        const run = runWith(runner, parameters);
        const made = await translateTokens(run, sources, sequenceTokens(context), search);
        const predictions = made.map((tokens) => tokenizer.decode(tokens));
        const targets = chosen.map(({ target }) => target);
        const { score: bleu, brevityPenalty } = corpusBleu(predictions, targets, { tokenizer: words });
        return {
          // BLEU of few sentences is 0 at first, and says little later: what is likelier is better.
          score: -nats / count,
          measures: {
            bleu,
            chrf: corpusChrf(predictions, targets),
            nats: nats / count,
            perplexity: perplexity(nats, count),
            brevityPenalty,
          },
          examples: chosen.slice(0, 5).map(({ source, target }, index) => ({
            input: source,
            expected: target,
            predicted: predictions[index]!,
          })),
          predictions,
        };
      },
      close: async () => {
        await Promise.all([runner.close(), scorer.close()]);
      },
    };
  },
};

function pairsOf(context: TaskContext<Records>): readonly TranslationPair[] {
  const { model, records, tokenizer } = context;
  const { length } = model.settings;
  const { start, end } = sequenceTokens(context);
  return records.map(({ source, target }) => {
    const ids = Array.from(tokenizer.encode(target).ids.slice(0, length - 1));
    return { source: sourceTokens(tokenizer, source, length), tokens: [start, ...ids], labels: [...ids, end] };
  });
}

/** A sentence as the encoder reads it: its tokens and the one that ends it. */
function sourceTokens(tokenizer: Tokenizer, text: string, length: number): Int32Array {
  const { ids } = tokenizer.encode(text);
  return Int32Array.of(...ids.slice(0, length - 1), specialToken(tokenizer, "eos"));
}

/** What begins, ends and fills up a translation. */
function sequenceTokens({ model, tokenizer }: TaskContext<unknown>) {
  const { pad, start } = model.settings;
  return { pad, start: start ?? specialToken(tokenizer, "bos"), end: specialToken(tokenizer, "eos") };
}
