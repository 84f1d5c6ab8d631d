import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChromiumRun, runInChromium, serveFolder } from "@relpos/browser";
import { expectClose } from "@relpos/conformance";
import { type HostTensor, tensor } from "@relpos/core";
import type { BackendDetails } from "@relpos/core/backend";
import { expect, test } from "vitest";
import type { OrtWebOptions } from "../src/index.js";

interface Result {
  readonly name: string;
  readonly details: BackendDetails;
  readonly product: readonly number[];
}

/** softmax([[7, 10], [15, 22]]): 1/(1 + e³), 1/(1 + e⁷). */
const [first, second] = [1 / (1 + Math.exp(3)), 1 / (1 + Math.exp(7))];
const expected: HostTensor = tensor([first, 1 - first, second, 1 - second], [2, 2]);

async function run(options: OrtWebOptions, where: Pick<ChromiumRun, "webgpu" | "isolated"> = {}): Promise<Result> {
  const module = fileURLToPath(new URL("./fixtures/product.ts", import.meta.url));
  const result = await runInChromium<Result>({ module, argument: options, ...where });
  expectClose(tensor(result.product, [2, 2]), expected, "composite", { length: 2, magnitude: 16 });
  return result;
}

test("wasm has one thread in a page that is not isolated", async () => {
  const { name, details } = await run({ threads: 2 });
  expect(name).toBe("ort-web:wasm");
  expect(details).toMatchObject({ threads: 1, isolated: false, simd: true });
});

test("wasm has threads in a page that is isolated", async () => {
  expect((await run({ threads: 3 }, { isolated: true })).details).toMatchObject({ threads: 3, isolated: true });
});

test("webgpu runs, and says on what", async () => {
  const { name, details } = await run({ device: "webgpu" }, { webgpu: true });
  expect(name).toBe("ort-web:webgpu");
  expect(details.adapter).toContain("swiftshader");
});

test("without webgpu there is an error, or wasm for whom that is enough", async () => {
  await expect(run({ device: "webgpu" })).rejects.toThrow('[createOrtWebBackend] cannot start "webgpu". WebGPU needs');
  const { name, details } = await run({ device: "webgpu", fallback: "wasm" });
  expect(name).toBe("ort-web:wasm");
  expect(details.fallback).toMatch(/WebGPU/);
});

test.each([true, false])("files come from another host where that is asked for, isolated: %s", async (isolated) => {
  const cdn = await serveFolder(
    dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"))),
  );
  try {
    const { details } = await run({ threads: 2, wasmPaths: cdn.url }, { isolated });
    expect(details.threads).toBe(isolated ? 2 : 1);
  } finally {
    await cdn.close();
  }
});

test("files that are not there are an error", async () => {
  await expect(run({ wasmPaths: "/nowhere/" })).rejects.toThrow(
    '[createOrtWebBackend] cannot start "wasm". The .wasm file must be',
  );
});
