import { check, RelposError } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { copyModels, createOrtBackend, type OrtTensor, typesOf } from "@relpos/onnx";
import { startWorker } from "#channel";
import type { Device, WasmPaths } from "./worker-options.js";

export interface OrtWebOptions {
  /** Where graphs run. Default `"wasm"`. */
  readonly device?: Device;
  /**
   * Threads of one operation, where the page is cross-origin isolated; elsewhere there is one. Default is half of the
   * logical cores, from two to eight.
   */
  readonly threads?: number;
  /**
   * Where ONNX Runtime's `.wasm` and `.mjs` files are: a URL that ends in `/`, of a CDN for example, or the URL of each.
   * Default is where the bundler puts them.
   */
  readonly wasmPaths?: WasmPaths;
  /** What to take instead where WebGPU cannot be started; `details.fallback` then says why. Default is an error. */
  readonly fallback?: "wasm";
}

/** What to do where a device cannot be started. */
const remedies: Readonly<Record<Device, string>> = {
  wasm: "The .wasm file must be where the bundler put it, or where wasmPaths says.",
  webgpu: 'WebGPU needs a browser that has it, a GPU and https; fallback: "wasm" does without.',
};

/**
 * A backend on ONNX Runtime for the web, in a worker of its own. In Node it runs on wasm, with one thread.
 *
 * A run that is aborted rejects at once; the worker finishes and drops it, and donated tensors are gone. `close` ends the
 * worker at once. Errors when the device cannot be started.
 */
export async function createOrtWebBackend(options: OrtWebOptions = {}): Promise<Backend<OrtTensor>> {
  const { device = "wasm", threads, fallback } = options;
  check(device in remedies, "createOrtWebBackend", () => {
    return `device must be one of ${Object.keys(remedies).join(", ")}, got ${device}`;
  });
  check(threads === undefined || (Number.isInteger(threads) && threads > 0), "createOrtWebBackend", () => {
    return `threads must be a positive whole number, got ${threads}`;
  });
  try {
    return await start(device, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (device === "webgpu" && fallback === "wasm") return start("wasm", options, { fallback: `no webgpu: ${reason}` });
    throw new RelposError("createOrtWebBackend", `cannot start "${device}". ${remedies[device]} (${reason})`, {
      cause: error,
    });
  }
}

async function start(
  device: Device,
  { threads, wasmPaths }: OrtWebOptions,
  more: Readonly<Record<string, string>> = {},
): Promise<Backend<OrtTensor>> {
  const gpu = device === "webgpu";
  const service = await startWorker({ device, threads, wasmPaths, ...(gpu && { copyModels: copyModels() }) });
  try {
    const provider = gpu ? "webgpu" : "cpu";
    const dtypes = await typesOf(service, provider);
    const details = { ...service.details, ...more };
    return createOrtBackend({ name: `ort-web:${device}`, provider, service, dtypes, details });
  } catch (error) {
    await service.close();
    throw error;
  }
}
