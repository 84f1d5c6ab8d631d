import {
  dimension,
  foldIn,
  gather,
  type HostTensor,
  randomKey,
  randomUniform,
  reshape,
  type Tensor,
  tensor,
  toNumbers,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Named } from "@relpos/core/nn";
import { indexOfLargest } from "../metrics/index.js";
import type { LanguageModel } from "./language-model.js";
import { createRunner } from "./runner.js";
import { int32, padded } from "./sequences.js";
import { softmaxOf } from "./softmax.js";

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** 0 takes the likeliest token every time. Default 1. */
  readonly temperature?: number;
  /** Only so many likeliest tokens are drawn from. Default: all. */
  readonly topK?: number;
  /** Of the draws. Default 0. */
  readonly seed?: number;
  /** Tokens after which generation ends; they are not returned. */
  readonly stop?: readonly number[];
  readonly signal?: AbortSignal | undefined;
  /** Told each token as it comes. */
  readonly onToken?: (token: number) => void;
}

/** A model with its weights on a backend. */
export interface LoadedWeights<T> {
  readonly backend: Backend<T>;
  readonly model: LanguageModel;
  readonly parameters: Named<T>;
}

/** Tokens that follow a prompt, drawn one at a time from what the model says of the last `length` tokens. */
export async function generate<T>(
  { backend, model, parameters }: LoadedWeights<T>,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): Promise<readonly number[]> {
  const { maxNewTokens, temperature = 1, topK, seed = 0, stop = [], signal, onToken } = options;
  const drawn = model.positions(0);
  const sequence = int32(1, dimension("sequence"));
  const runner = createRunner({
    backend,
    model,
    inputs: { tokens: sequence, last: int32(1), ...(drawn && { positions: sequence }) },
    outputs: (weights, inputs) => {
      const { hidden } = model.transformer.decode(weights, { tokens: inputs.tokens!, positions: inputs.positions });
      return { logits: model.transformer.head(weights, gather(hidden, reshape(inputs.last as Tensor, []), 1)) };
    },
  });
  try {
    const tokens = Array.from(prompt);
    const made: number[] = [];
    while (made.length < maxNewTokens) {
      signal?.throwIfAborted();
      const window = padded([tokens.slice(-model.settings.length)], Math.min(tokens.length, model.settings.length), 0);
      const last = tensor([window.shape[1]! - 1], [1], "int32");
      const positions = drawn?.examination("generation", 0, window);
      const { logits } = await runner.run(
        parameters,
        { tokens: window, last, ...(positions && { positions }) },
        signal,
      );
      const draw = randomUniform(foldIn(randomKey(seed), made.length), 1)[0]!;
      const token = drawToken(toNumbers(logits as HostTensor), { temperature, topK, draw });
      if (stop.includes(token)) break;
      tokens.push(token);
      made.push(token);
      onToken?.(token);
    }
    return made;
  } finally {
    await runner.close();
  }
}

/** A token by its probability, from a number uniform in [0, 1). */
export function drawToken(
  logits: ArrayLike<number>,
  { temperature, topK = logits.length, draw }: { temperature: number; topK?: number | undefined; draw: number },
): number {
  if (temperature === 0) return indexOfLargest(logits);
  const order = Array.from(logits, (_, token) => token)
    .sort((a, b) => logits[b]! - logits[a]!)
    .slice(0, topK);
  const probabilities = softmaxOf(order.map((token) => logits[token]! / temperature));
  let reached = 0;
  const chosen = order.find((_, index) => {
    reached += probabilities[index]!;
    return draw < reached;
  });
  return chosen ?? order.at(-1)!;
}
