import { join } from "node:path";
import { runInChromium } from "@relpos/browser";
import { describe, expect, test } from "vitest";

const page = (name: string) => join(import.meta.dirname, "pages", `${name}.ts`);

describe("wasm takes the build that fits the page", () => {
  test.each([
    [false, "tfjs-backend-wasm-simd"],
    [true, "tfjs-backend-wasm-threaded-simd"],
  ])("cross-origin isolated: %s", async (isolated, build) => {
    const started = await runInChromium({ module: page("start"), argument: { device: "wasm" }, isolated });
    expect(started).toMatchObject({ simd: true, fetched: [build] });
  });
});

test("wasm whose files are not where wasmPaths says is an error that tells so", async () => {
  const argument = { device: "wasm", wasmPaths: "/elsewhere/" };
  await expect(runInChromium({ module: page("start"), argument })).rejects.toThrow(/cannot start "wasm".*wasmPaths/);
});

test("a page without a GPU for WebGPU is an error that tells so", async () => {
  const start = runInChromium({ module: page("start"), argument: { device: "webgpu" } });
  await expect(start).rejects.toThrow('cannot start "webgpu". It is for browsers that have WebGPU');
});

test.each(["webgl", "webgpu"])("%s agrees with the reference", { timeout: 300_000 }, async (device) => {
  expect(await runInChromium({ module: page("own-cases"), argument: device, webgpu: device === "webgpu" })).toEqual({});
});
