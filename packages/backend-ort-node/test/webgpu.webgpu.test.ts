import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { trace } from "@relpos/core";
import { expect, test } from "vitest";
import { createOrtNodeBackend } from "../src/index.js";
import { noise, runGraph } from "./run-graph.js";

const graph = trace(
  (a, b) => core.softmax(core.matMul(a, b)),
  { shape: [64, 80], dtype: "float32" },
  { shape: [80, 48], dtype: "float32" },
);
const inputs = [noise([64, 80]), noise([80, 48], 2)];

test("a product and a softmax run as they are", async () => {
  const backend = await createOrtNodeBackend({ device: "webgpu" });
  const executable = await backend.compile(graph);
  expect(executable.graph.nodes.map(({ op }) => op)).toEqual(["matMul", "softmax"]);
  const [expected] = await runGraph(createReferenceBackend(), graph, inputs);
  const [actual] = await runGraph(backend, graph, inputs);
  expectClose(actual!, expected!, "composite", { length: 80 });
  await backend.close();
});

// https://github.com/microsoft/onnxruntime/issues/32561: two runs at the same time end the process.
test("backends in threads of their own take turns", async () => {
  const backends = await Promise.all([1, 2, 3].map(() => createOrtNodeBackend({ device: "webgpu" })));
  const runs = backends.flatMap((backend) => Array.from({ length: 10 }, () => runGraph(backend, graph, inputs)));
  const results = await Promise.all(runs);
  for (const result of results) expect(result).toEqual(results[0]);
  for (const backend of backends) await backend.close();
});
