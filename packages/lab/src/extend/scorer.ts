import type { Model } from "@relpos/checkpoints";
import { argMax, cast, crossEntropy, dimension, equal, type HostTensor, Tensor, tensor, toNumbers } from "@relpos/core";
import { type Backend, graph } from "@relpos/core/backend";
import { type Named, parameterInputs } from "@relpos/core/nn";

/** What a model makes of tokens that follow one another. */
export interface TokenScores {
  /** −log p of each token but the first. */
  readonly nats: ArrayLike<number>;
  /** Whether it is the likeliest, 1 or 0. */
  readonly likeliest: ArrayLike<number>;
}

/** Weights that a backend holds, by their names: every scaling of a model has the same. */
export type HeldWeights<T> = ReadonlyMap<string, T>;

/** Gives weights to a backend, each before the next is read. */
export async function holdWeights<T>(
  values: AsyncIterable<readonly [string, HostTensor]>,
  backend: Backend<T>,
): Promise<HeldWeights<T>> {
  const held = new Map<string, T>();
  try {
    for await (const [name, value] of values) held.set(name, await backend.upload(value, { transfer: true }));
    return held;
  } catch (error) {
    for (const handle of held.values()) backend.dispose(handle);
    throw error;
  }
}

/** Scores tokens with one model. Only the scores leave the backend. */
export interface Scorer {
  score(tokens: readonly number[], signal?: AbortSignal): Promise<TokenScores>;
  /** Frees what was compiled, not the weights. */
  close(): Promise<void>;
}

const row = (tokens: readonly number[]): HostTensor => tensor(Int32Array.from(tokens), [1, tokens.length], "int32");

/** Compiles what scores a decoder's tokens, for every length. */
export async function createScorer<T>(model: Model, weights: HeldWeights<T>, backend: Backend<T>): Promise<Scorer> {
  const parameters: Named<Tensor> = parameterInputs(model.parameters);
  const type = { shape: [1, dimension("sequence")], dtype: "int32" } as const;
  const [tokens, labels] = [Tensor.input(type, "tokens"), Tensor.input(type, "labels")];
  const logits = model.apply(parameters, { input_ids: tokens }).outputs.logits as Tensor;
  const results = [
    crossEntropy(logits, labels, { reduction: "none" }),
    cast(equal(argMax(logits, -1), labels), "int32"),
  ];
  const executable = await backend.compile(graph([...Object.values(parameters), tokens, labels], results));
  const held = Object.entries(parameters).map(([name, input]): [Tensor, T] => [input, weights.get(name) as T]);
  return {
    score: async (given, signal) => {
      const fed: [Tensor, T][] = [];
      try {
        fed.push([tokens, await backend.upload(row(given.slice(0, -1)))]);
        fed.push([labels, await backend.upload(row(given.slice(1)))]);
        const outputs = await executable.run(new Map([...held, ...fed]), signal ? { signal } : {});
        const [nats, likeliest] = await Promise.all(outputs.map((output) => backend.download(output)));
        for (const output of outputs) backend.dispose(output);
        return { nats: toNumbers(nats as HostTensor), likeliest: toNumbers(likeliest as HostTensor) };
      } finally {
        for (const [, handle] of fed) backend.dispose(handle);
      }
    },
    close: () => executable.close(),
  };
}
