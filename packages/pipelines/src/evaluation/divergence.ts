import { check, dimension, type HostTensor, Tensor, tensor } from "@relpos/core";
import { type Executable, graph } from "@relpos/core/backend";
import type { LanguageModel } from "../generation/language-model.js";

export interface DivergenceOptions {
  /** Tokens that the models see at once; what is left at the end of a text counts too. */
  readonly length: number;
  readonly signal?: AbortSignal | undefined;
}

/** How far a model's next tokens are from another's. */
export interface Divergence {
  /** exp of the mean of −log p over the tokens: of the model, and of the one that it is compared with. */
  readonly perplexity: number;
  readonly basePerplexity: number;
  /** The mean of KL(base ‖ model) = Σ p log(p / q), in nats. */
  readonly divergence: number;
  /** The share of places where both hold the same token for the likeliest. */
  readonly agreement: number;
  /** Places that were compared. */
  readonly tokens: number;
}

/**
 * Compares a model's next tokens with another's, of the same vocabulary, over a text in windows that follow each other; the first
 * token of each is not scored. Sums are made in 64 bits. Errors for fewer than two tokens.
 */
export async function divergence(
  base: LanguageModel,
  model: LanguageModel,
  tokens: readonly number[],
  { length, signal }: DivergenceOptions,
): Promise<Divergence> {
  check(Number.isInteger(length) && length > 1, "divergence", () => `length must be whole and above 1, got ${length}`);
  check(tokens.length > 1, "divergence", () => `the text must have two tokens, got ${tokens.length}`);
  const [first, second] = [await scorer(base), await scorer(model)];
  const sum = { base: 0, model: 0, divergence: 0, same: 0, tokens: 0 };
  try {
    for (let begin = 0; begin + 1 < tokens.length; begin += length) {
      signal?.throwIfAborted();
      const window = tokens.slice(begin, begin + length + 1);
      const [left, right] = [await first.scores(window.slice(0, -1)), await second.scores(window.slice(0, -1))];
      window.slice(1).forEach((label, place) => {
        const compared = compare(left(place), right(place), label);
        sum.base -= compared.base;
        sum.model -= compared.model;
        sum.divergence += compared.divergence;
        sum.same += compared.same ? 1 : 0;
        sum.tokens++;
      });
    }
  } finally {
    await Promise.all([first.executable.close(), second.executable.close()]);
  }
  return {
    perplexity: Math.exp(sum.model / sum.tokens),
    basePerplexity: Math.exp(sum.base / sum.tokens),
    divergence: sum.divergence / sum.tokens,
    agreement: sum.same / sum.tokens,
    tokens: sum.tokens,
  };
}

/** log p and log q of a label, Σ p (log p − log q), and whether both are largest at the same place. */
function compare(left: Float32Array, right: Float32Array, label: number) {
  const [p, q] = [normalizer(left), normalizer(right)];
  let sum = 0;
  for (let token = 0; token < left.length; token++) {
    const logP = (left[token] as number) - p.log;
    sum += Math.exp(logP) * (logP - ((right[token] as number) - q.log));
  }
  return {
    base: (left[label] as number) - p.log,
    model: (right[label] as number) - q.log,
    divergence: sum,
    same: p.likeliest === q.likeliest,
  };
}

/** log Σ exp of scores, and where the largest is. */
function normalizer(scores: Float32Array): { readonly log: number; readonly likeliest: number } {
  let likeliest = 0;
  for (let token = 1; token < scores.length; token++) {
    if ((scores[token] as number) > (scores[likeliest] as number)) likeliest = token;
  }
  const largest = scores[likeliest] as number;
  let sum = 0;
  for (let token = 0; token < scores.length; token++) sum += Math.exp((scores[token] as number) - largest);
  return { log: largest + Math.log(sum), likeliest };
}

interface Scorer {
  readonly executable: Executable;
  /** The scores [V] at each place of a window. */
  scores(window: readonly number[]): Promise<(place: number) => Float32Array>;
}

async function scorer({ running: { model, parameters }, backend, weights, fed }: LanguageModel): Promise<Scorer> {
  const type = { shape: [1, dimension("sequence")], dtype: "int32" } as const;
  const input = Tensor.input(type, "tokens");
  const positions = model.drawPositions && Tensor.input(type, "positions");
  const { outputs } = model.apply(parameters, { input_ids: input, position_ids: positions });
  const inputs = [...Object.values(parameters), input, ...(positions ? [positions] : [])];
  const executable = await backend.compile(graph(inputs, [outputs.logits as Tensor]), { constants: weights });
  return {
    executable,
    scores: async (window) => {
      const row = tensor(Int32Array.from(window), [1, window.length], "int32");
      const given = new Map<Tensor, HostTensor>([[input, row]]);
      const drawn = model.drawPositions?.(row);
      if (positions && drawn) given.set(positions, drawn);
      const feeds = new Map<Tensor, unknown>();
      try {
        for (const [name, value] of given) feeds.set(name, await backend.upload(value));
        const [result] = await executable.run(new Map([...fed, ...feeds]));
        const { data, shape } = await backend.download(result);
        backend.dispose(result);
        const vocabulary = shape[2] as number;
        return (place) => Float32Array.from(data.subarray(place * vocabulary, (place + 1) * vocabulary));
      } finally {
        for (const handle of feeds.values()) backend.dispose(handle);
      }
    },
  };
}
