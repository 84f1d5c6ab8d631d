import {
  allocate,
  dimension,
  gather,
  type HostTensor,
  logSoftmax,
  reshape,
  type Tensor,
  type TensorType,
  tensor,
  toNumbers,
} from "@relpos/core";
import { memoryOf, type Named } from "@relpos/core/nn";
import { paddingMask } from "./language-model.js";
import type { TaskContext } from "./language-task.js";
import { createRunner } from "./runner.js";
import { examinationBatches, int32, padded, specialToken } from "./sequences.js";
import { sourceTokens } from "./translate.js";

export interface TranslateOptions {
  /** Hypotheses that are kept at every step; 1 takes the likeliest token every time. Default 4. */
  readonly beams?: number;
  /** Most tokens of a translation. Default: the length that the model was trained at. */
  readonly maxTokens?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** A translation that has begun. */
interface Hypothesis {
  readonly tokens: readonly number[];
  /** Sum of log probabilities. */
  readonly score: number;
  readonly ended: boolean;
}

/** Translates with a model: the encoder runs once for a sentence, the decoder once for each token of its hypotheses. */
export function createTranslator<T>(
  backend: Parameters<typeof createRunner<T>>[0]["backend"],
  { model, tokenizer }: Pick<TaskContext<unknown>, "model" | "tokenizer">,
) {
  const { length: trained, width, pad } = model.settings;
  const [bos, eos] = [specialToken(tokenizer, "bos"), specialToken(tokenizer, "eos")];
  const drawn = model.positions(0);
  const sequence = (name: string): TensorType => int32(dimension("batch"), dimension(name));
  const encoder = createRunner({
    backend,
    model,
    inputs: { source: sequence("source"), ...(drawn && { positions: sequence("source") }) },
    outputs: (weights, { source, positions }) => ({
      memory: model.transformer.encode(weights, { tokens: source!, positions, mask: paddingMask(source!, pad) }).hidden,
    }),
  });
  const decoder = createRunner({
    backend,
    model,
    inputs: {
      tokens: sequence("sequence"),
      source: sequence("source"),
      memory: { shape: [dimension("batch"), dimension("source"), width], dtype: "float32" },
      last: int32(1),
      ...(drawn && { positions: sequence("sequence"), sourcePositions: sequence("source") }),
    },
    outputs: (weights, inputs) => {
      const { tokens, source, memory, last, positions, sourcePositions } = inputs as Named<Tensor>;
      const mask = paddingMask(source!, pad);
      const seen = memoryOf(memory!, { positions: sourcePositions, mask });
      const { hidden } = model.transformer.decode(weights, { tokens: tokens!, positions }, seen);
      return { scores: logSoftmax(model.transformer.head(weights, gather(hidden, reshape(last!, []), 1))) };
    },
  });

  /** One step for all hypotheses, which are of one length: log probabilities of the next token of each. */
  const step = async (
    parameters: Named<T>,
    memory: HostTensor,
    source: HostTensor,
    hypotheses: readonly Hypothesis[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ArrayLike<number>[]> => {
    const length = hypotheses[0]!.tokens.length + 1;
    const tokens = padded(
      hypotheses.map((hypothesis) => [bos, ...hypothesis.tokens]),
      length,
      pad,
    );
    const batch = {
      tokens,
      source,
      memory,
      last: tensor([length - 1], [1], "int32"),
      ...(drawn && {
        positions: drawn.examination("translation", 0, tokens),
        sourcePositions: drawn.examination("translation", 0, source),
      }),
    };
    const { scores } = await decoder.run(parameters, batch, signal);
    const values = toNumbers(scores as HostTensor) as Float32Array;
    const size = values.length / hypotheses.length;
    return hypotheses.map((_, row) => values.subarray(row * size, (row + 1) * size));
  };

  /** Sentences of like length at once. */
  const search = async (
    parameters: Named<T>,
    sources: readonly Int32Array[],
    { beams = 4, maxTokens = trained, signal }: TranslateOptions,
  ): Promise<readonly (readonly number[])[]> => {
    const sourceLength = Math.max(...sources.map(({ length }) => length));
    const source = padded(sources, sourceLength, pad);
    const positions = drawn && { positions: drawn.examination("translation", 0, source) };
    const { memory } = (await encoder.run(parameters, { source, ...positions }, signal)) as { memory: HostTensor };
    let kept: readonly (readonly Hypothesis[])[] = sources.map(() => [{ tokens: [], score: 0, ended: false }]);
    for (let made = 0; made < maxTokens; made++) {
      signal?.throwIfAborted();
      const open = kept.flatMap((own, sentence) =>
        own.flatMap((hypothesis) => (hypothesis.ended ? [] : [{ sentence, hypothesis }])),
      );
      if (open.length === 0) break;
      const rows = open.map(({ sentence }) => sentence);
      const scores = await step(
        parameters,
        rowsOf(memory, rows),
        rowsOf(source, rows),
        open.map(({ hypothesis }) => hypothesis),
        signal,
      );
      const extended = open.flatMap(({ sentence, hypothesis }, row) =>
        likeliest(scores[row]!, beams).map((token) => ({
          sentence,
          hypothesis: {
            tokens: token === eos ? hypothesis.tokens : [...hypothesis.tokens, token],
            score: hypothesis.score + scores[row]![token]!,
            ended: token === eos,
          },
        })),
      );
      kept = kept.map((own, sentence) => {
        const candidates = [
          ...own.filter(({ ended }) => ended),
          ...extended.filter((candidate) => candidate.sentence === sentence).map(({ hypothesis }) => hypothesis),
        ];
        return candidates.sort((a, b) => lengthFair(b) - lengthFair(a)).slice(0, beams);
      });
    }
    return kept.map((own) => own.reduce((a, b) => (lengthFair(b) > lengthFair(a) ? b : a)).tokens);
  };

  return {
    async translate(
      parameters: Named<T>,
      texts: readonly string[],
      options: TranslateOptions = {},
    ): Promise<readonly string[]> {
      const sources = texts.map((text) => sourceTokens(tokenizer, text, trained));
      const results: string[] = [];
      let done = 0;
      for (const rows of examinationBatches(
        sources.map(({ length }) => length),
        512,
      )) {
        const found = await search(
          parameters,
          rows.map((row) => sources[row]!),
          options,
        );
        rows.forEach((row, index) => {
          results[row] = tokenizer.decode(found[index]!);
        });
        done += rows.length;
        options.onProgress?.(done / texts.length);
      }
      return results;
    },
    async close(): Promise<void> {
      await Promise.all([encoder.close(), decoder.close()]);
    },
  };
}

/** The mean over tokens, the one that ends included. */
function lengthFair(hypothesis: Hypothesis): number {
  return hypothesis.score / (hypothesis.tokens.length + Number(hypothesis.ended));
}

/** The tokens with the highest scores, best first. */
function likeliest(scores: ArrayLike<number>, count: number): readonly number[] {
  const best: number[] = [];
  for (let token = 0; token < scores.length; token++) {
    if (best.length === count && scores[token]! <= scores[best.at(-1)!]!) continue;
    const place = best.findIndex((other) => scores[other]! < scores[token]!);
    best.splice(place === -1 ? best.length : place, 0, token);
    if (best.length > count) best.pop();
  }
  return best;
}

/** Rows of a tensor by number. */
function rowsOf({ shape, dtype, data }: HostTensor, rows: readonly number[]): HostTensor {
  const size = data.length / shape[0]!;
  const out = allocate(dtype, rows.length * size);
  rows.forEach((row, index) => {
    out.set(data.subarray(row * size, (row + 1) * size), index * size);
  });
  return { shape: [rows.length, ...shape.slice(1)], dtype, data: out };
}
