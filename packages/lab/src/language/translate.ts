import { createModelRunner } from "@relpos/checkpoints";
import { crossEntropy, type Tensor } from "@relpos/core";
import { padded, runWith, translateTokens } from "@relpos/pipelines";
import type { ParallelRecord, Tokenizer } from "@relpos/text";
import { corpusBleu, corpusChrf } from "../metrics/index.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { commonSettings, exampleTraining, int32, specialToken } from "./sequences.js";

type Records = readonly ParallelRecord[];

/** Counts nothing in the loss. */
const ignored = -1;

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
    const { model, records, tokenizer } = context;
    const { length, pad } = model.settings;
    const { start, end } = sequenceTokens(context);
    const pairs = records.map(({ source, target }) => {
      const ids = Array.from(tokenizer.encode(target).ids.slice(0, length - 1));
      return { source: sourceTokens(tokenizer, source, length), tokens: [start, ...ids], labels: [...ids, end] };
    });
    return exampleTraining(
      {
        model,
        sizes: pairs.map(({ source, tokens }) => Math.max(source.length, tokens.length)),
        types: (batch, size) => ({
          source: int32(batch, size),
          tokens: int32(batch, size),
          labels: int32(batch, size),
        }),
        rows: (rows, size) => {
          const own = rows.map((row) => pairs[row]!);
          return {
            source: padded(
              own.map(({ source }) => source),
              size,
              pad,
            ),
            tokens: padded(
              own.map(({ tokens }) => tokens),
              size,
              pad,
            ),
            labels: padded(
              own.map(({ labels }) => labels),
              size,
              ignored,
            ),
          };
        },
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
    const words = options.language === "zh" ? "zh" : "13a";
    return {
      async examine(parameters, { signal, onProgress } = {}) {
        const sources = records.map(({ source }) => sourceTokens(tokenizer, source, length));
        const search = { beams: options.beams ?? 4, maxTokens: length, signal, onProgress };
        const run = runWith(runner, parameters);
        const made = await translateTokens(run, sources, sequenceTokens(context), search);
        const predictions = made.map((tokens) => tokenizer.decode(tokens));
        const targets = records.map(({ target }) => target);
        const { score: bleu, brevityPenalty } = corpusBleu(predictions, targets, { tokenizer: words });
        return {
          score: bleu,
          measures: { bleu, chrf: corpusChrf(predictions, targets), brevityPenalty },
          examples: records.slice(0, 5).map(({ source, target }, index) => ({
            input: source,
            expected: target,
            predicted: predictions[index]!,
          })),
          predictions,
        };
      },
      close: runner.close,
    };
  },
};

/** A sentence as the encoder reads it: its tokens and the one that ends it. */
export function sourceTokens(tokenizer: Tokenizer, text: string, length: number): Int32Array {
  const { ids } = tokenizer.encode(text);
  return Int32Array.of(...ids.slice(0, length - 1), specialToken(tokenizer, "eos"));
}

/** What begins, ends and fills up a translation. */
function sequenceTokens({ model, tokenizer }: TaskContext<unknown>) {
  const { pad, start } = model.settings;
  return { pad, start: start ?? specialToken(tokenizer, "bos"), end: specialToken(tokenizer, "eos") };
}
