import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { env } from "@tensorflow/tfjs-core";
import { Device } from "./device.js";
import { start } from "./start.js";
import type { TfjsData, TfjsTensor } from "./tfjs-tensor.js";
import { type WasmPaths, wasmUrls } from "./wasm-files.js";

export interface WasmOptions {
  readonly wasmPaths?: WasmPaths | undefined;
  readonly threads?: number | undefined;
}

/** Whether a minifier has given other names to variables. */
const renamed = !((variable: unknown) => variable).toString().includes("variable");

/** WebAssembly: with SIMD nearly everywhere, with threads where a page is cross-origin isolated and not minified. */
export async function openWasm({ wasmPaths, threads }: WasmOptions): Promise<Device> {
  const { getThreadsCount, setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const backend = await start<BackendWasm>("wasm", () => {
    // In Node the files lie beside the code.
    if (wasmPaths !== undefined || env().getBool("IS_BROWSER")) setWasmPaths(wasmUrls(wasmPaths));
    if (threads !== undefined) setThreadsCount(threads);
    // TensorFlow.js hands the code of its threads on as text, in which a renamed variable of its surroundings is missing.
    if (renamed) env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  });
  const memory = {
    allocate: (shape: readonly number[], dtype: TfjsTensor["dtype"]) => {
      return backend.makeOutput([...shape], dtype) as TfjsTensor;
    },
    elements: (x: TfjsTensor) => backend.typedArrayFromHeap(x) as TfjsData,
  };
  const simd = await env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return new Device("wasm", backend, { memory, details: { simd: simd === true, threads: getThreadsCount() } });
}
