import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { trace } from "@relpos/core";
import { expect, test } from "vitest";
import { createOrtNodeBackend } from "../src/index.js";
import { noise, runGraph } from "./helpers.js";

test("a product and a softmax on WebGPU", async () => {
  const backend = await createOrtNodeBackend({ device: "webgpu" });
  const graph = trace(
    (a, b) => core.softmax(core.matMul(a!, b!)),
    { shape: [4, 8], dtype: "float32" },
    { shape: [8, 6], dtype: "float32" },
  );
  const values = [noise([4, 8]), noise([8, 6], 2)];
  const executable = await backend.compile(graph);
  expect(executable.graph.nodes.map(({ op }) => op)).toEqual(["matMul", "softmax"]);
  const [expected] = await runGraph(createReferenceBackend(), graph, values);
  const [actual] = await runGraph(backend, graph, values);
  expectClose(actual!, expected!, "composite", { length: 8, magnitude: 1 });
  await backend.close();
});
