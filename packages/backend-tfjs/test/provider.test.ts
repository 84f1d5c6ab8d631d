import { run, tensor, UnsupportedError } from "@relpos/core";
import { afterEach, expect, test, vi } from "vitest";
import { createTfjsBackend, type DeviceName, provider } from "../src/index.js";

afterEach(() => vi.restoreAllMocks());

const pair = tensor([1, 2], [2]);

test("the provider starts what it lists; wasm is the default", async () => {
  expect(provider).toMatchObject({ name: "tfjs", devices: ["wasm", "cpu", "webgl", "webgpu"] });
  for (const device of [undefined, "cpu", "wasm"]) {
    const backend = await provider.create({ device });
    expect(backend.name).toBe(`tfjs:${device ?? "wasm"}`);
    expect([...backend.dtypes]).toEqual(["float32", "int32", "bool"]);
    expect((await run(backend, (x) => x.add(x), pair)).data).toEqual(Float32Array.of(2, 4));
    await backend.close();
  }
});

test("details say what it runs on", async () => {
  const [cpu, wasm] = [await createTfjsBackend({ device: "cpu" }), await createTfjsBackend({ device: "wasm" })];
  expect(cpu.details).toEqual({ tensorflow: "4.22.0" });
  // TensorFlow.js has no threads in Node.
  expect(wasm.details).toEqual({ tensorflow: "4.22.0", simd: true, threads: 1 });
});

test("what cannot be started is an error that tells what to do", async () => {
  await expect(createTfjsBackend({ device: "tpu" as DeviceName })).rejects.toThrow(
    "[createTfjsBackend] device must be one of wasm, cpu, webgl, webgpu, got tpu",
  );
  await expect(createTfjsBackend({ threads: 0 })).rejects.toThrow(
    "[createTfjsBackend] threads must be a positive whole number, got 0",
  );
  for (const device of ["webgl", "webgpu"] as const) {
    await expect(createTfjsBackend({ device })).rejects.toThrow(
      `[createTfjsBackend] cannot start "${device}". It is for browsers`,
    );
  }
});

test("an element type that TensorFlow.js lacks is named", async () => {
  const backend = await createTfjsBackend();
  const upload = backend.upload(tensor([1], [1], "float16"));
  await expect(upload).rejects.toThrow(UnsupportedError);
  await expect(upload).rejects.toThrow('[upload] backend "tfjs:wasm" has no dtype float16');
});

test("nothing is written to the console", async () => {
  const written = (["log", "info", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
  for (const device of ["cpu", "wasm"] as const) {
    const backend = await createTfjsBackend({ device });
    await run(backend, (x) => x.add(1), pair);
    await backend.close();
  }
  for (const spy of written) expect(spy).not.toHaveBeenCalled();
});
