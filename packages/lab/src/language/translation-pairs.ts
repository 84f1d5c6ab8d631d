import { crossEntropy, dimension, type HostTensor, type Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Named } from "@relpos/core/nn";

import { padded } from "@relpos/pipelines";
import type { LanguageModel } from "./language-model.js";
import type { ExamineOptions } from "./language-task.js";
import { createRunner } from "./runner.js";
import { int32 } from "./sequences.js";

/** A sentence as the encoder reads it, its translation as the decoder is told it, and what follows each of those tokens. */
export interface TranslationPair {
  readonly source: ArrayLike<number>;
  readonly tokens: readonly number[];
  readonly labels: readonly number[];
}

/** Counts nothing in the loss. */
export const ignored = -1;

/** Tokens of a pair: of its longer side. */
export const pairLength = ({ source, tokens }: TranslationPair): number => Math.max(source.length, tokens.length);

/** Pairs as tensors int32 [B, S] of a length, filled up. */
export function pairBatch(pairs: readonly TranslationPair[], length: number, pad: number): Named<HostTensor> {
  const stacked = (pick: (pair: TranslationPair) => ArrayLike<number>, fill: number) =>
    padded(pairs.map(pick), length, fill);
  return {
    source: stacked(({ source }) => source, pad),
    tokens: stacked(({ tokens }) => tokens, pad),
    labels: stacked(({ labels }) => labels, ignored),
  };
}

/** Pairs that are scored at once. */
const rows = 64;

/** Scores pairs: nats of the translations' tokens, each told those before it. */
export function createPairScorer<T>(backend: Backend<T>, model: LanguageModel) {
  const { pad } = model.settings;
  const drawn = model.positions(0);
  const shape = int32(dimension("batch"), dimension("sequence"));
  const runner = createRunner({
    backend,
    model,
    inputs: {
      source: shape,
      tokens: shape,
      labels: shape,
      ...(drawn && { positions: shape, sourcePositions: shape }),
    },
    outputs: (weights, inputs) => {
      const { logits } = model.apply(weights, inputs) as { logits: Tensor };
      return { nats: crossEntropy(logits, inputs.labels as Tensor, { ignoreIndex: ignored, reduction: "sum" }) };
    },
  });
  return {
    close: runner.close,
    async score(
      parameters: Named<T>,
      pairs: readonly TranslationPair[],
      { signal }: ExamineOptions = {},
    ): Promise<{ readonly nats: number; readonly count: number }> {
      const ordered = [...pairs].sort((a, b) => pairLength(b) - pairLength(a));
      let nats = 0;
      for (let at = 0; at < ordered.length; at += rows) {
        signal?.throwIfAborted();
        const own = ordered.slice(at, at + rows);
        const batch = pairBatch(own, pairLength(own[0]!), pad);
        const positions = drawn && {
          positions: drawn.examination(batch.tokens!),
          sourcePositions: drawn.examination(batch.source!),
        };
        const result = await runner.run(parameters, { ...batch, ...positions }, signal);
        nats += (result.nats as HostTensor).data[0]!;
      }
      return { nats, count: pairs.reduce((sum, { labels }) => sum + labels.length, 0) };
    },
  };
}
