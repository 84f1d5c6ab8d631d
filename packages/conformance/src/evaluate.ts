import type { Graph, HostTensor, Tensor } from "@relpos/core";
import type { Backend, CompileOptions, Executable } from "@relpos/core/backend";

/** Compiles a graph and runs it once on host values, in the order of its inputs. Leaves nothing on the backend. */
export async function evaluate<T>(
  backend: Backend<T>,
  source: Graph,
  values: readonly HostTensor[],
): Promise<readonly HostTensor[]> {
  return withExecutable(backend, source, {}, (executable) => runOn(backend, executable, source.inputs, values));
}

/** Compiles a graph, works with it and closes it. */
export async function withExecutable<T, R>(
  backend: Backend<T>,
  source: Graph,
  options: CompileOptions<T>,
  work: (executable: Executable<T>) => Promise<R>,
): Promise<R> {
  const executable = await backend.compile(source, options);
  try {
    return await work(executable);
  } finally {
    await executable.close();
  }
}

/** Runs an executable on host values. Leaves nothing on the backend. */
export async function runOn<T>(
  backend: Backend<T>,
  executable: Executable<T>,
  inputs: readonly Tensor[],
  values: readonly HostTensor[],
): Promise<readonly HostTensor[]> {
  const handles: T[] = [];
  try {
    for (const value of values) handles.push(await backend.upload(value));
    const outputs = await executable.run(new Map(inputs.map((input, index) => [input, handles[index] as T])));
    handles.push(...outputs);
    return await Promise.all(outputs.map((output) => backend.download(output)));
  } finally {
    for (const handle of handles) backend.dispose(handle);
  }
}
