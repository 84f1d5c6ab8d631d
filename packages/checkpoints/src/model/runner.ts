import { addDims, check, type DType, dimension, type HostTensor, Tensor } from "@relpos/core";
import type { Backend, Executable } from "@relpos/core/backend";
import { graph } from "@relpos/core/backend";
import { type KeyValue, type Named, parameterInputs } from "@relpos/core/nn";
import type { InputName, Model, ModelInputs } from "./model.js";

/** Inputs by name, on the host. */
export type HostInputs = { readonly [K in InputName]?: HostTensor | undefined };

export interface RunModelOptions {
  /** The cache that an earlier run gave. Default: none. */
  readonly past?: HostCache | undefined;
  /** Names of the outputs to compute and fetch; the cache then stays where it is. Default: all, and the cache. */
  readonly wanted?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Keys and values of earlier tokens, one for each layer. */
export type HostCache = readonly Named<HostTensor>[];

/** What a model gave. */
export interface ModelResults {
  readonly outputs: Named<HostTensor>;
  readonly present: HostCache;
}

/** Runs a model with weights that the caller holds on a backend. Graphs are compiled once for each set of inputs. */
export interface ModelRunner<T = unknown> {
  readonly model: Model;
  /** Runs it on inputs of any batch and length. Errors for inputs that it does not read. */
  run(weights: Named<T>, inputs: HostInputs, options?: RunModelOptions): Promise<ModelResults>;
  /** Frees the graphs. */
  close(): Promise<void>;
}

/** A model whose weights a backend holds. */
export interface LoadedModel {
  readonly model: Model;
  /** Runs it on inputs of any batch and length. Errors for inputs that it does not read. */
  run(inputs: HostInputs, options?: RunModelOptions): Promise<ModelResults>;
  /** Frees weights and graphs, not the backend. A second call does nothing. */
  close(): Promise<void>;
}

const [batch, sequence, past, source] = ["batch", "sequence", "past", "source"].map((name) => dimension(name)) as [
  ReturnType<typeof dimension>,
  ReturnType<typeof dimension>,
  ReturnType<typeof dimension>,
  ReturnType<typeof dimension>,
];

/** Types of inputs. */
function typeOf(
  model: Model,
  name: InputName,
  given: HostTensor,
  hasPast: boolean,
): { shape: Tensor["shape"]; dtype: DType } {
  const total = hasPast ? addDims(past, sequence) : sequence;
  const two = model.inputs.includes("decoder_input_ids");
  const shapes: Readonly<Record<InputName, Tensor["shape"]>> = {
    input_ids: [batch, two ? source : sequence],
    attention_mask: [batch, two ? source : total],
    position_ids:
      given.shape.length === 3
        ? [given.shape[0] as number, batch, sequence]
        : [batch, two ? source : model.drawPositions ? total : sequence],
    token_type_ids: [batch, sequence],
    decoder_input_ids: [batch, sequence],
    decoder_position_ids: [batch, sequence],
    encoder_last_hidden_state: [batch, source, given.shape[2] as number],
    pixel_values: [batch, ...given.shape.slice(1)],
    logits_positions: [batch],
  };
  return { shape: shapes[name], dtype: given.dtype };
}

interface Compiled<T> {
  readonly executable: Executable<T>;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly string[];
}

const cacheParts = ["key", "value", "state"] as const;

/** Gives a model's weights to a backend. Graphs are compiled once for each set of inputs, for every batch and length. */
export async function loadModel(model: Model, weights: Named<HostTensor>, backend: Backend): Promise<LoadedModel> {
  const runner = createModelRunner(model, backend);
  const held: Record<string, unknown> = {};
  for (const name of Object.keys(model.parameters)) held[name] = await backend.upload(weights[name] as HostTensor);
  let closed = false;
  return {
    model,
    run: (inputs, options) => {
      check(!closed, "run", () => "the model is closed");
      return runner.run(held, inputs, options);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await runner.close();
      for (const handle of Object.values(held)) backend.dispose(handle);
    },
  };
}

/** A runner of a model whose weights are given with each run. */
export function createModelRunner<T>(model: Model, backend: Backend<T>): ModelRunner<T> {
  const parameters = parameterInputs(model.parameters);
  const compiled = new Map<string, Promise<Compiled<T>>>();

  const compile = async (
    inputs: ReadonlyMap<InputName, HostTensor>,
    cache: HostCache | undefined,
    wanted: readonly string[] | undefined,
  ): Promise<Compiled<T>> => {
    const named = new Map<string, Tensor>();
    const add = (name: string, type: { shape: Tensor["shape"]; dtype: DType }): Tensor => {
      const input = Tensor.input(type, name);
      named.set(name, input);
      return input;
    };
    const given = Object.fromEntries(
      [...inputs].map(([name, value]) => [name, add(name, typeOf(model, name, value, !!cache))]),
    );
    const pastOf = cache?.map((layer, index) => {
      const parts = Object.entries(layer).map(([part, value]) => {
        const shape =
          part === "state"
            ? [batch, past, value.shape[2] as number]
            : [batch, value.shape[1] as number, past, value.shape[3] as number];
        return [part, add(`past.${index}.${part}`, { shape, dtype: value.dtype })];
      });
      return Object.fromEntries(parts) as KeyValue;
    });
    const { outputs, present } = model.apply(parameters, given as ModelInputs, pastOf);
    const results: [string, Tensor][] = [
      ...Object.entries(outputs).filter(([name]) => !wanted || wanted.includes(name)),
      ...(wanted ? [] : present).flatMap((layer, index) =>
        cacheParts.flatMap((part): [string, Tensor][] => {
          const value = layer[part];
          return value ? [[`present.${index}.${part}`, value]] : [];
        }),
      ),
    ];
    const whole = graph(
      [...Object.values(parameters), ...named.values()],
      results.map(([, value]) => value),
    );
    return { executable: await backend.compile(whole), inputs: named, outputs: results.map(([name]) => name) };
  };

  return {
    model,
    run: async (weights, inputs, { past: cache, wanted, signal } = {}) => {
      const given = new Map(
        Object.entries(withPositions(model, inputs, cache)).filter(([, value]) => value !== undefined) as [
          InputName,
          HostTensor,
        ][],
      );
      for (const name of given.keys()) {
        check(model.inputs.includes(name), "run", () => `inputs must be among ${model.inputs.join(", ")}, got ${name}`);
      }
      const key = JSON.stringify([
        [...given].map(([name, value]) => [name, value.dtype, value.shape.length]),
        !!cache,
        wanted,
      ]);
      if (!compiled.has(key)) compiled.set(key, compile(given, cache, wanted));
      const { executable, inputs: named, outputs: names } = await (compiled.get(key) as Promise<Compiled<T>>);
      const feeds = new Map<Tensor, T>(Object.entries(parameters).map(([name, input]) => [input, weights[name] as T]));
      const own: T[] = [];
      const values = new Map<string, HostTensor>([
        ...given,
        ...(cache ?? []).flatMap((layer, index) => {
          return Object.entries(layer).map(([part, value]): [string, HostTensor] => [`past.${index}.${part}`, value]);
        }),
      ]);
      try {
        for (const [name, input] of named) {
          const handle = await backend.upload(values.get(name) as HostTensor);
          own.push(handle);
          feeds.set(input, handle);
        }
        const results = await executable.run(feeds, signal ? { signal } : {});
        own.push(...results);
        const hosts = await Promise.all(results.map((result) => backend.download(result)));
        const outputs = Object.fromEntries(names.map((name, index) => [name, hosts[index] as HostTensor]));
        return {
          outputs: Object.fromEntries(Object.entries(outputs).filter(([name]) => !name.startsWith("present."))),
          present: cacheOf(outputs),
        };
      } finally {
        for (const handle of own) backend.dispose(handle);
      }
    },
    close: async () => {
      for (const one of compiled.values()) await (await one).executable.close();
      compiled.clear();
    },
  };
}

/** Inputs with the positions of a model that draws them, where they are not given. */
function withPositions(
  { drawPositions, inputs: names }: Model,
  inputs: HostInputs,
  cache: HostCache | undefined,
): HostInputs {
  if (!drawPositions) return inputs;
  check(!cache || inputs.position_ids, "run", () => "position_ids must be given with a cache: the model draws them");
  const drawn = (tokens: HostTensor | undefined): HostTensor | undefined => tokens && drawPositions(tokens);
  return {
    position_ids: drawn(inputs.input_ids),
    ...(names.includes("decoder_input_ids") && { decoder_position_ids: drawn(inputs.decoder_input_ids) }),
    ...inputs,
  };
}

function cacheOf(outputs: Named<HostTensor>): HostCache {
  const layers: Record<string, HostTensor>[] = [];
  for (const [name, value] of Object.entries(outputs)) {
    const [, index, part] = /^present\.(\d+)\.(\w+)$/.exec(name) ?? [];
    if (index === undefined || part === undefined) continue;
    layers[Number(index)] = { ...layers[Number(index)], [part]: value };
  }
  return layers;
}
