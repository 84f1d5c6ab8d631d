import { createRequire } from "node:module";
import { run, tensor } from "@relpos/core";
import { expect, test } from "vitest";
import { createTfjsBackend } from "../src/index.js";

const { cache } = createRequire(import.meta.url);

/** The packages of TensorFlow.js that this process has loaded. */
function loaded(): readonly string[] {
  const names = Object.keys(cache).flatMap((path) => /@tensorflow\/(tfjs-[a-z-]+)\/dist/.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

test("a device is loaded when it is asked for", async () => {
  expect(loaded()).toEqual(["tfjs-core"]);
  const cpu = await createTfjsBackend({ device: "cpu" });
  await run(cpu, (x) => x.matMul(x), tensor([1, 2, 3, 4], [2, 2]));
  expect(loaded()).toEqual(["tfjs-backend-cpu", "tfjs-core"]);
  await createTfjsBackend({ device: "wasm" });
  expect(loaded()).toEqual(["tfjs-backend-cpu", "tfjs-backend-wasm", "tfjs-core"]);
});
