import { check, crossEntropy, dimension, type HostTensor, Tensor, tensor, toNumbers } from "@relpos/core";
import { graph } from "@relpos/core/backend";
import type { LanguageModel } from "../generation/language-model.js";

export interface PerplexityOptions {
  /** Tokens that the model sees at once. */
  readonly length: number;
  /** Tokens from one window to the next; each is scored once. Default: half of the length. */
  readonly stride?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each window. */
  readonly onWindow?: ((progress: { readonly window: number; readonly windows: number }) => void) | undefined;
}

export interface Perplexity {
  /** exp of the mean of −log p over the tokens that were scored. */
  readonly perplexity: number;
  /** Their sum, in nats. */
  readonly negativeLogLikelihood: number;
  /** How many were scored: all but the first. */
  readonly tokens: number;
  readonly windows: number;
}

/** The windows of so many tokens: begin, end, and where those begin that no window before scored. */
function windowsOf(count: number, length: number, stride: number): readonly (readonly [number, number, number])[] {
  const windows: (readonly [number, number, number])[] = [];
  for (let begin = 0, scored = 1; scored < count; begin += stride) {
    const end = Math.min(begin + length, count);
    windows.push([begin, end, scored]);
    scored = end;
  }
  return windows;
}

/**
 * How well a decoder foretells tokens, in windows that overlap, as in transformers' guide to the perplexity of models with a
 * fixed length. Only the likelihoods leave the backend. Errors for fewer than two tokens, and strides beyond the length.
 */
export async function perplexity(
  model: LanguageModel,
  tokens: readonly number[],
  { length, stride = Math.max(1, Math.floor(length / 2)), signal, onWindow }: PerplexityOptions,
): Promise<Perplexity> {
  check(Number.isInteger(length) && length > 1, "perplexity", () => `length must be whole and above 1, got ${length}`);
  check(Number.isInteger(stride) && stride > 0 && stride < length, "perplexity", () => {
    return `stride must be whole, positive and below the length of ${length}, got ${stride}`;
  });
  check(tokens.length > 1, "perplexity", () => `the text must have two tokens, got ${tokens.length}`);
  const windows = windowsOf(tokens.length, length, stride);
  const { input, labels, positions, executable } = await compile(model);
  const { backend } = model;
  let sum = 0;
  try {
    for (const [index, [begin, end, scored]] of windows.entries()) {
      signal?.throwIfAborted();
      const fed = new Map<Tensor, unknown>();
      try {
        fed.set(input, await backend.upload(row(tokens.slice(begin, end - 1))));
        fed.set(labels, await backend.upload(row(tokens.slice(begin + 1, end))));
        const drawn = model.model.drawPositions?.(row(tokens.slice(begin, end - 1)));
        if (positions && drawn) fed.set(positions, await backend.upload(drawn));
        const [result] = await executable.run(new Map([...model.fed, ...fed]));
        const losses = toNumbers(await backend.download(result));
        backend.dispose(result);
        for (let at = scored - begin - 1; at < losses.length; at++) sum += losses[at] as number;
      } finally {
        for (const handle of fed.values()) backend.dispose(handle);
      }
      onWindow?.({ window: index + 1, windows: windows.length });
    }
  } finally {
    await executable.close();
  }
  const count = tokens.length - 1;
  return { perplexity: Math.exp(sum / count), negativeLogLikelihood: sum, tokens: count, windows: windows.length };
}

const row = (tokens: readonly number[]): HostTensor => tensor(Int32Array.from(tokens), [1, tokens.length], "int32");

/** −log p of labels that follow tokens: int32 [1, S] each → [1, S]. */
async function compile({ running: { model, parameters }, backend, weights }: LanguageModel) {
  const type = { shape: [1, dimension("sequence")], dtype: "int32" } as const;
  const [input, labels] = [Tensor.input(type, "tokens"), Tensor.input(type, "labels")];
  const positions = model.drawPositions && Tensor.input(type, "positions");
  const { outputs } = model.apply(parameters, { input_ids: input, position_ids: positions });
  const losses = crossEntropy(outputs.logits as Tensor, labels, { reduction: "none" });
  const inputs = [...Object.values(parameters), input, labels, ...(positions ? [positions] : [])];
  const executable = await backend.compile(graph(inputs, [losses]), {
    constants: weights,
  });
  return { input, labels, positions, executable };
}
