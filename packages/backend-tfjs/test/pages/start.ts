import { run, softmax, tensor } from "@relpos/core";
import { createTfjsBackend, type TfjsOptions } from "../../src/index.js";

/** What a backend runs on, and the builds of wasm that were fetched for it. */
export async function main(options: TfjsOptions) {
  const backend = await createTfjsBackend(options);
  await run(backend, (x) => softmax(x), tensor([1, 2], [2]));
  const fetched = performance.getEntriesByType("resource").flatMap(({ name }) => {
    return /(tfjs-backend-wasm[a-z-]*)-[^/]*\.wasm$/.exec(name)?.[1] ?? [];
  });
  return { ...backend.details, fetched };
}
