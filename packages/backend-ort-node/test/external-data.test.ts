import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@relpos/core";
import { type Tensor, tensor, trace } from "@relpos/core";
import { lower, onnxFiles } from "@relpos/onnx";
import { InferenceSession, Tensor as OrtValue } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOrtNodeBackend } from "../src/index.js";
import { runGraph } from "./run-graph.js";

const folder = mkdtempSync(join(tmpdir(), "relpos-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const table = tensor(
  Float32Array.from({ length: 6000 }, (_, i) => i),
  [1000, 6],
);
const graph = trace((ids: Tensor) => core.gather(core.constant(table), ids).mul(2), {
  name: "ids",
  shape: [2],
  dtype: "int32",
});
const expected = Float32Array.from([
  18,
  20,
  22,
  24,
  26,
  28,
  5994 * 2,
  5995 * 2,
  5996 * 2,
  5997 * 2,
  5998 * 2,
  5999 * 2,
]);
expected.set([36, 38, 40, 42, 44, 46]);

let backend: Awaited<ReturnType<typeof createOrtNodeBackend>>;
beforeAll(async () => {
  backend = await createOrtNodeBackend({ threads: 1 });
});
afterAll(() => backend.close());

test("large constants reach the session in memory, and stay the caller's", async () => {
  const ids = tensor([3, 999], [2], "int32");
  expect((await runGraph(backend, graph, [ids]))[0]?.data).toEqual(expected);
  expect(table.data.length).toBe(6000);
  expect((await runGraph(backend, graph, [ids]))[0]?.data).toEqual(expected);
});

test("an exported model is opened from its files", async () => {
  for (const [name, bytes] of onnxFiles(lower(graph), "lookup.onnx")) writeFileSync(join(folder, name), bytes);
  const session = await InferenceSession.create(join(folder, "lookup.onnx"));
  const { output_0: output } = await session.run({ ids: new OrtValue("int32", Int32Array.of(3, 999), [2]) });
  expect(output?.data).toEqual(expected);
  await session.release();
});
