import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { env } from "@tensorflow/tfjs-core";
import { Device, type TfjsData, type TfjsTensor } from "./device.js";
import { start } from "./start.js";
import { type WasmPaths, wasmUrls } from "./wasm-files.js";

export interface WasmOptions {
  readonly wasmPaths?: WasmPaths | undefined;
  readonly threads?: number | undefined;
}

/** WebAssembly: with SIMD nearly everywhere, with threads where a page is cross-origin isolated. */
export async function openWasm({ wasmPaths, threads }: WasmOptions): Promise<Device> {
  const { getThreadsCount, setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const backend = await start<BackendWasm>("wasm", () => {
    // In Node the files lie beside the code.
    if (wasmPaths !== undefined || env().getBool("IS_BROWSER")) setWasmPaths(wasmUrls(wasmPaths));
    if (threads !== undefined) setThreadsCount(threads);
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
