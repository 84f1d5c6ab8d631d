import { type Graph, graph, reduceSum, Tensor, tensor, tensorScatter } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { ConformanceCase } from "../../case.js";
import { withExecutable } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { values } from "../primitive/values.js";
import { feeds, lifecycle } from "./lifecycle-case.js";

const [batch, heads, capacity, size] = [2, 2, 7, 3];
const shape = [batch, heads, capacity, size];

/** Rows written into two caches, which share the indices, and a sum over what the first held before. */
function append(rows: number): Graph {
  const float = (shape: readonly number[], name: string) => Tensor.input({ shape, dtype: "float32" }, name);
  const [first, second] = [float(shape, "first"), float(shape, "second")];
  const update = float([batch, heads, rows, size], "rows");
  const indices = Tensor.input({ shape: [batch], dtype: "int32" }, "indices");
  return graph(
    [first, second, update, indices],
    [tensorScatter(first, update, indices), tensorScatter(second, update, indices), reduceSum(first)],
  );
}

/** Rows of several runs, some beyond the capacity, in caches that are fed back; returns the last outputs. */
async function filled<T>(backend: Backend<T>, rows: number, donates: boolean, same: boolean) {
  const program = append(rows);
  const [first, second] = program.inputs as readonly [Tensor, Tensor];
  const donated = [
    { input: first, output: 0 },
    { input: second, output: 1 },
  ];
  return withExecutable(backend, program, donates ? { donated } : {}, async (executable) => {
    const start = await backend.upload(values(shape, "float32"));
    let caches: readonly T[] = [start, same ? start : await backend.upload(values(shape, "float32", 1))];
    for (const run of [0, 1, 2]) {
      const update = await backend.upload(values([batch, heads, rows, size], "float32", 2 + run));
      const indices = await backend.upload(tensor([run * rows, 2 * run + 1], [batch], "int32"));
      const outputs = await executable.run(feeds(program, [...caches, update, indices]));
      if (!donates) for (const cache of new Set(caches)) backend.dispose(cache);
      for (const handle of [update, indices]) backend.dispose(handle);
      caches = outputs.slice(0, 2);
      if (run < 2) backend.dispose(outputs[2] as T);
      else caches = outputs;
    }
    const results = await Promise.all(caches.map((cache) => backend.download(cache)));
    for (const cache of caches) backend.dispose(cache);
    return results;
  });
}

const context = { length: batch * heads * capacity * size, magnitude: 2 };

/** Caches that are given away while rows are written into them: what it gives does not change. */
export const cacheDonationCases: readonly ConformanceCase[] = [1, 3].flatMap((rows) =>
  [false, true].map((same) => {
    const name = `a cache gets ${rows} rows a run${same ? ", fed twice at first" : ""}`;
    return lifecycle("donation", name, async ({ backend, oracle }) => {
      const [actual, expected] = [await filled(backend, rows, true, same), await filled(oracle, rows, false, same)];
      for (const [index, value] of expected.entries()) expectClose(actual[index]!, value, "contraction", context);
    });
  }),
);
