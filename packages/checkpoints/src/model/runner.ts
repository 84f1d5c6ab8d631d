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
  readonly signal?: AbortSignal | undefined;
}

/** Keys and values of earlier tokens, one for each layer. */
export type HostCache = readonly Named<HostTensor>[];

/** A model whose weights a backend holds. */
export interface LoadedModel {
  readonly model: Model;
  /** Runs it on inputs of any batch and length. Errors for inputs that it does not read. */
  run(
    inputs: HostInputs,
    options?: RunModelOptions,
  ): Promise<{ readonly outputs: Named<HostTensor>; readonly present: HostCache }>;
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
    position_ids: given.shape.length === 3 ? [given.shape[0] as number, batch, sequence] : [batch, sequence],
    token_type_ids: [batch, sequence],
    decoder_input_ids: [batch, sequence],
    encoder_last_hidden_state: [batch, source, given.shape[2] as number],
    pixel_values: [batch, ...given.shape.slice(1)],
    logits_positions: [batch],
  };
  return { shape: shapes[name], dtype: given.dtype };
}

interface Compiled {
  readonly executable: Executable;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly string[];
}

const cacheParts = ["key", "value", "state"] as const;

/** Gives a model's weights to a backend. Graphs are compiled once for each set of inputs, for every batch and length. */
export async function loadModel(model: Model, weights: Named<HostTensor>, backend: Backend): Promise<LoadedModel> {
  const parameters = parameterInputs(model.parameters);
  const held = new Map<Tensor, unknown>();
  for (const [name, input] of Object.entries(parameters))
    held.set(input, await backend.upload(weights[name] as HostTensor));
  const compiled = new Map<string, Promise<Compiled>>();
  let closed = false;

  const compile = async (
    inputs: ReadonlyMap<InputName, HostTensor>,
    cache: HostCache | undefined,
  ): Promise<Compiled> => {
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
      ...Object.entries(outputs),
      ...present.flatMap((layer, index) =>
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
    run: async (inputs, { past: cache, signal } = {}) => {
      check(!closed, "run", () => "the model is closed");
      const given = new Map(
        Object.entries(inputs).filter(([, value]) => value !== undefined) as [InputName, HostTensor][],
      );
      for (const name of given.keys()) {
        check(model.inputs.includes(name), "run", () => `inputs must be among ${model.inputs.join(", ")}, got ${name}`);
      }
      const key = JSON.stringify([[...given].map(([name, value]) => [name, value.dtype, value.shape.length]), !!cache]);
      if (!compiled.has(key)) compiled.set(key, compile(given, cache));
      const { executable, inputs: named, outputs: names } = await (compiled.get(key) as Promise<Compiled>);
      const feeds = new Map<Tensor, unknown>(held);
      const own: unknown[] = [];
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
      if (closed) return;
      closed = true;
      for (const one of compiled.values()) await (await one).executable.close();
      for (const handle of held.values()) backend.dispose(handle);
    },
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
