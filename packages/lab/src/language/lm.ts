import {
  argMax,
  crossEntropy,
  dimension,
  foldIn,
  type HostTensor,
  type RandomKey,
  randomKey,
  type Tensor,
} from "@relpos/core";
import { tokenBatch } from "@relpos/core/train";
import { continueTokens } from "@relpos/pipelines";
import type { LargeText, TextRecord } from "@relpos/text";
import { require } from "../compare/errors.js";
import { rowsPerBatch } from "../compare/evaluate.js";
import {
  inBatches,
  nonOverlappingWindows,
  type Rows,
  type StreamedBatches,
  streamedBatches,
  type TextBatch,
  targetSpan,
  textBatches,
} from "../data/index.js";
import { bitsPerByte, perplexity } from "../metrics/index.js";
import { withGenerator } from "./generation.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { createRunner } from "./runner.js";
import { commonSettings, int32 } from "./sequences.js";

/** Texts in memory; or one to be trained on that is read where it is needed. What is examined is in memory. */
type Records = readonly Pick<TextRecord, "text">[] | LargeText;

const sampleLength = 120;

/** Language modelling: every token of running text from those before it. */
export const lm: LanguageTask<Records> = {
  name: "lm",
  summary: "the next token of running text: continuations, stories",
  headline: "nats",
  texts: textsOf,
  settings: (_, tokenizer, sizes) => commonSettings("lm", tokenizer, sizes),
  training(context, { batch, seed, labelSmoothing }) {
    const { model } = context;
    const { length } = model.settings;
    const batches = windowsOf(context, { length, batch, key: foldIn(randomKey(seed), "batches") });
    const drawn = model.positions(seed);
    return {
      batchTypes: [{ ...tokenBatch(batch, length), ...(drawn && { positions: int32(batch, length) }) }],
      perEpoch: Math.max(1, Math.round(batches.windows / batch)),
      loss: (weights, inputs, drop) => {
        const { logits } = model.apply(weights, inputs, drop) as { logits: Tensor };
        return crossEntropy(logits, inputs.labels as Tensor, { labelSmoothing });
      },
      batch: async (step) => {
        const own = await batches.batch(step);
        return { ...own, ...(drawn && { positions: drawn.training(step, own.tokens) }) };
      },
    };
  },
  examiner(backend, context) {
    const { model, tokenizer } = context;
    const { length } = model.settings;
    const tokens = tokensOfText(context);
    requireLength(tokens, length + 1);
    const span = targetSpan({ tokens, lengths: [length], limit: Number.POSITIVE_INFINITY });
    const rows = nonOverlappingWindows({ tokens, span, length });
    const bytes = new TextEncoder().encode(
      tokenizer.decode(tokens.subarray(span.first, span.first + span.count)),
    ).length;
    const scorer = tokenScorer(backend, model);
    return {
      async examine(parameters, options = {}) {
        const { nats, count, right } = await scorer.score(parameters, rows, options);
        const prompt = tokens.subarray(0, 1);
        const drawn = { maxNewTokens: Math.min(sampleLength, length - 1), temperature: 0.8, topK: 0 };
        const sampled = Number.isFinite(nats)
          ? await withGenerator(backend, model, parameters, (generator) =>
              continueTokens(generator, [...prompt], drawn),
            )
          : [];
        return {
          score: -nats / count,
          measures: {
            nats: nats / count,
            perplexity: perplexity(nats, count),
            bitsPerByte: bitsPerByte(nats, bytes),
            accuracy: right / count,
          },
          examples: [{ input: tokenizer.decode(prompt), expected: "", predicted: tokenizer.decode(sampled) }],
        };
      },
      close: scorer.close,
    };
  },
};

/** Scores rows of tokens: nats of the labels that count, and how many are predicted rightly. */
export function tokenScorer<T>(
  backend: Parameters<typeof createRunner<T>>[0]["backend"],
  model: TaskContext<unknown>["model"],
) {
  const drawn = model.positions(0);
  const shape = int32(dimension("batch"), dimension("sequence"));
  const runner = createRunner({
    backend,
    model,
    inputs: { tokens: shape, labels: shape, ...(drawn && { positions: shape }) },
    outputs: (weights, inputs) => {
      const { logits } = model.apply(weights, inputs) as { logits: Tensor };
      return {
        nats: crossEntropy(logits, inputs.labels as Tensor, { reduction: "none" }),
        predicted: argMax(logits, -1),
      };
    },
  });
  return {
    close: runner.close,
    async score(
      parameters: Parameters<typeof runner.run>[0],
      rows: Rows,
      {
        signal,
        onProgress,
      }: { signal?: AbortSignal | undefined; onProgress?: ((share: number) => void) | undefined } = {},
    ): Promise<{ readonly nats: number; readonly count: number; readonly right: number }> {
      const size = Math.min(rows.count, rowsPerBatch(rows.length, model.settings.heads));
      let [nats, count, right, done] = [0, 0, 0, 0];
      for (const batch of inBatches(rows, size)) {
        signal?.throwIfAborted();
        const positions = drawn?.examination(batch.tokens);
        const inputs = { tokens: batch.tokens, labels: batch.labels, ...(positions && { positions }) };
        const result = await runner.run(parameters, inputs, signal);
        const [own, predicted] = [result.nats as HostTensor, result.predicted as HostTensor];
        for (let i = 0; i < own.data.length; i++) {
          if (batch.weights.data[i] === 0) continue;
          nats += own.data[i]!;
          count++;
          if (predicted.data[i] === batch.labels.data[i]) right++;
        }
        done += size;
        onProgress?.(Math.min(1, done / rows.count));
      }
      return { nats, count, right };
    },
  };
}

function textsOf(records: Records): readonly string[] {
  return isLarge(records) ? records.sample : records.map(({ text }) => text);
}

function isLarge(records: Records): records is LargeText {
  return "sample" in records;
}

/** Windows of the text at random places, by step, and how many of them are as long as the text. */
function windowsOf(
  { records, tokenizer, ...context }: TaskContext<Records>,
  options: { readonly length: number; readonly batch: number; readonly key: RandomKey },
): Pick<StreamedBatches, "windows"> & { batch(step: number): TextBatch | Promise<TextBatch> } {
  if (isLarge(records))
    return streamedBatches({ ...options, text: records, encode: (text) => tokenizer.encode(text).ids });
  const tokens = tokensOfText({ ...context, records, tokenizer });
  requireLength(tokens, options.length + 1);
  return { ...textBatches({ ...options, tokens }), windows: tokens.length / options.length };
}

/** The texts one after another, as tokens, with a token between two that ends a text where the tokenizer has one. */
function tokensOfText({ records, tokenizer }: TaskContext<Records>): Int32Array {
  const { eos } = tokenizer.vocabulary.special;
  const parts = textsOf(records).flatMap((text, index) => {
    const { ids } = tokenizer.encode(text);
    return index > 0 && eos !== undefined ? [Int32Array.of(eos), ids] : [ids];
  });
  const tokens = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return tokens;
}

function requireLength(tokens: Int32Array, least: number): void {
  require(tokens.length > least, () => `a text must have more than ${least} tokens, got ${tokens.length}`, () =>
    "choose a longer text, or a shorter --length");
}
