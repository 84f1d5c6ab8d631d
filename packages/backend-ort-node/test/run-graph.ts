import { type Graph, type HostTensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";

/** Reproducible values in [−1, 1). */
export function noise(shape: readonly number[], seed = 1): HostTensor {
  let state = seed * 2654435761;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    return (state >>> 8) / 2 ** 23 - 1;
  };
  const length = shape.reduce((product, size) => product * size, 1);
  return tensor(Array.from({ length }, next), shape);
}

/** Compiles and runs a graph once on host values. */
export async function runGraph<T>(
  backend: Backend<T>,
  graph: Graph,
  values: readonly HostTensor[],
): Promise<readonly HostTensor[]> {
  const executable = await backend.compile(graph);
  const handles = await Promise.all(values.map((value) => backend.upload(value)));
  const outputs = await executable.run(new Map(graph.inputs.map((input, index) => [input, handles[index] as T])));
  const results = await Promise.all(outputs.map((output) => backend.download(output)));
  for (const handle of [...handles, ...outputs]) backend.dispose(handle);
  await executable.close();
  return results;
}
