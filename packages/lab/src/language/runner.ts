import { graph, type HostTensor, Tensor, type TensorType } from "@relpos/core";
import type { Backend, Executable } from "@relpos/core/backend";
import { mapNamed, type Named, parameterInputs } from "@relpos/core/nn";
import type { LanguageModel } from "./language-model.js";

/** A function of a model's parameters and a batch, compiled when it is first called. */
export interface Runner<T> {
  run(parameters: Named<T>, batch: Named<HostTensor>, signal?: AbortSignal): Promise<Named<HostTensor>>;
  close(): Promise<void>;
}

/** What a runner computes: outputs by name from parameters and inputs, whose sizes may be named dimensions. */
export interface RunnerRequest<T> {
  readonly backend: Backend<T>;
  readonly model: Pick<LanguageModel, "parameters">;
  readonly inputs: Named<TensorType>;
  outputs(parameters: Named<Tensor>, inputs: Named<Tensor>): Named<Tensor>;
}

/** Compiles once for every batch size and length. Parameters stay the caller's. */
export function createRunner<T>({ backend, model, inputs: types, outputs }: RunnerRequest<T>): Runner<T> {
  const weights = parameterInputs(model.parameters);
  const inputs = mapNamed(types, (type, name) => Tensor.input(type, name));
  const results = outputs(weights, inputs);
  const names = Object.keys(results);
  let compiled: Promise<Executable<T>> | undefined;
  const compile = (): Promise<Executable<T>> => {
    compiled ??= backend.compile(graph([...Object.values(weights), ...Object.values(inputs)], Object.values(results)));
    return compiled;
  };
  return {
    async run(parameters, batch, signal) {
      const executable = await compile();
      const uploads = await Promise.all(
        Object.entries(inputs).map(
          async ([name, input]): Promise<[Tensor, T]> => [input, await backend.upload(batch[name]!)],
        ),
      );
      try {
        const held = Object.entries(weights).map(([name, input]): [Tensor, T] => [input, parameters[name] as T]);
        const handles = await executable.run(new Map([...held, ...uploads]), signal ? { signal } : {});
        const values = await Promise.all(handles.map((handle) => backend.download(handle)));
        for (const handle of handles) backend.dispose(handle);
        return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
      } finally {
        for (const [, handle] of uploads) backend.dispose(handle);
      }
    },
    async close() {
      await (await compiled)?.close();
    },
  };
}
