import { allocate, type HostTensor, tensor } from "@relpos/core";
import { batchesBySize, padded, type RunModel, type RunOptions, rowOf, tokenInputs } from "./run-model.js";

/** Tokens of an encoder-decoder that begin and end a text, and that fill rows up. */
export interface SequenceTokens {
  readonly start: number;
  readonly end: number;
  readonly pad: number;
}

export interface TranslateOptions extends RunOptions {
  /** Hypotheses that are kept at every step; 1 takes the likeliest token every time. Default 4. */
  readonly beams?: number;
  /** Most tokens of a translation. */
  readonly maxTokens: number;
}

/** A translation that has begun. */
interface Hypothesis {
  readonly tokens: readonly number[];
  /** Sum of log probabilities. */
  readonly score: number;
  readonly ended: boolean;
}

/** How many tokens of sources are searched for at once. */
const sourceTokensAtOnce = 512;

/**
 * Tokens that an encoder-decoder makes of sources, by beam search: the encoder runs once for a source, the decoder once for
 * each token of its hypotheses.
 */
export async function translateTokens(
  run: RunModel,
  sources: readonly ArrayLike<number>[],
  special: SequenceTokens,
  options: TranslateOptions,
): Promise<readonly (readonly number[])[]> {
  const results: (readonly number[])[] = [];
  let done = 0;
  for (const rows of batchesBySize(
    sources.map(({ length }) => length),
    sourceTokensAtOnce,
  )) {
    const own = rows.map((row) => sources[row]!);
    const found = await search(run, own, special, options);
    for (const [index, row] of rows.entries()) results[row] = found[index]!;
    done += rows.length;
    options.onProgress?.(done / sources.length);
  }
  return results;
}

/** Sources of like length at once. */
async function search(
  run: RunModel,
  sources: readonly ArrayLike<number>[],
  special: SequenceTokens,
  { beams = 4, maxTokens, signal }: TranslateOptions,
): Promise<readonly (readonly number[])[]> {
  const inputs = tokenInputs(
    sources.map((tokens) => ({ tokens })),
    special.pad,
  );
  const mask = inputs.attention_mask!;
  let memory: HostTensor | undefined;
  let kept: readonly (readonly Hypothesis[])[] = sources.map(() => [{ tokens: [], score: 0, ended: false }]);

  /** One step for all hypotheses, which are of one length: log probabilities of the next token of each. */
  const step = async (rows: readonly number[], hypotheses: readonly Hypothesis[]): Promise<readonly Float64Array[]> => {
    const length = hypotheses[0]!.tokens.length + 1;
    const begun = hypotheses.map(({ tokens }) => [special.start, ...tokens]);
    const decoder = {
      decoder_input_ids: padded(begun, length, special.pad),
      logits_positions: tensor(new Int32Array(rows.length).fill(length - 1), [rows.length], "int32"),
    };
    const first = { ...inputs, ...decoder };
    const later = memory && {
      encoder_last_hidden_state: takeRows(memory, rows),
      attention_mask: takeRows(mask, rows),
      ...decoder,
    };
    const wanted = ["logits", ...(memory ? [] : ["encoder_last_hidden_state"])];
    const outputs = await run(later ?? first, { wanted, signal });
    memory ??= outputs.encoder_last_hidden_state!;
    return hypotheses.map((_, row) => logSoftmaxOf(rowOf(outputs.logits!, row)));
  };

  for (let made = 0; made < maxTokens; made++) {
    signal?.throwIfAborted();
    const open = kept.flatMap((own, source) =>
      own.flatMap((hypothesis) => (hypothesis.ended ? [] : [{ source, hypothesis }])),
    );
    if (open.length === 0) break;
    const scores = await step(
      open.map(({ source }) => source),
      open.map(({ hypothesis }) => hypothesis),
    );
    const extended = open.flatMap(({ source, hypothesis }, row) =>
      likeliest(scores[row]!, beams).map((token) => ({
        source,
        hypothesis: {
          tokens: token === special.end ? hypothesis.tokens : [...hypothesis.tokens, token],
          score: hypothesis.score + scores[row]![token]!,
          ended: token === special.end,
        },
      })),
    );
    kept = kept.map((own, source) => {
      const candidates = [
        ...own.filter(({ ended }) => ended),
        ...extended.filter((candidate) => candidate.source === source).map(({ hypothesis }) => hypothesis),
      ];
      return candidates.sort((a, b) => lengthFair(b) - lengthFair(a)).slice(0, beams);
    });
  }
  return kept.map((own) => own.reduce((a, b) => (lengthFair(b) > lengthFair(a) ? b : a)).tokens);
}

/** The mean over tokens, the one that ends included. */
function lengthFair(hypothesis: Hypothesis): number {
  return hypothesis.score / (hypothesis.tokens.length + Number(hypothesis.ended));
}

function logSoftmaxOf(logits: Float32Array): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const total = largest + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - total);
}

/** The tokens with the highest scores, best first. */
export function likeliest(scores: ArrayLike<number>, count: number): readonly number[] {
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
function takeRows({ shape, dtype, data }: HostTensor, rows: readonly number[]): HostTensor {
  const size = data.length / shape[0]!;
  const taken = allocate(dtype, rows.length * size);
  for (const [index, row] of rows.entries()) taken.set(data.subarray(row * size, (row + 1) * size), index * size);
  return { shape: [rows.length, ...shape.slice(1)], dtype, data: taken };
}
