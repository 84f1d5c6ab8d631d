import { graph, matMul, slice, Tensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { spread } from "../benchmark.js";

/** Rows, inner size and columns of a matrix product. */
export type ProductShape = readonly [number, number, number];

export interface ProductSettings {
  /** So many in a call, of which one number each is fetched, so that the call and its copies do not count. */
  readonly products: number;
  /** Calls that are timed, after two that are not. */
  readonly runs: number;
}

/** Median rate of a matrix product on a backend, in 10⁹ operations a second. */
export async function productRate<T>(
  backend: Backend<T>,
  [rows, inner, columns]: ProductShape,
  { products, runs }: ProductSettings,
): Promise<number> {
  const left = Array.from({ length: products }, () => Tensor.input({ shape: [rows, inner], dtype: "float32" }));
  const right = Tensor.input({ shape: [inner, columns], dtype: "float32" });
  const results = left.map((x) => slice(matMul(x, right), { 0: [0, 1], 1: [0, 1] }));
  const executable = await backend.compile(graph([...left, right], results));
  const feeds = new Map<Tensor, T>();
  for (const input of [...left, right]) {
    const shape = input.shape as readonly number[];
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5);
    feeds.set(input, await backend.upload(tensor(values, shape)));
  }
  const times: number[] = [];
  for (let run = 0; run < runs + 2; run++) {
    const start = performance.now();
    const outputs = await executable.run(feeds);
    for (const output of outputs) await backend.download(output);
    times.push(performance.now() - start);
    for (const output of outputs) backend.dispose(output);
  }
  for (const handle of feeds.values()) backend.dispose(handle);
  await executable.close();
  return (2 * rows * inner * columns * products) / spread(times.slice(2)).medianMs / 1e6;
}
