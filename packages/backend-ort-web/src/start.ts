import { createOrtDriver, type OrtRuntime, type Started, sessionOptions } from "@relpos/onnx/driver";
import type * as ort from "onnxruntime-web";
import type { WorkerOptions } from "./worker-options.js";

/** Sets a build of ONNX Runtime up in this worker. It is initialised by the first session. */
export async function start(runtime: typeof ort, options: WorkerOptions): Promise<Started> {
  const { device, wasmPaths, copyModels } = options;
  const { env, InferenceSession, Tensor } = runtime;
  const isolated = globalThis.crossOriginIsolated ?? false;
  const threads = isolated ? (options.threads ?? usualThreads()) : 1;
  // What goes wrong comes back as an error; ONNX Runtime would write it to the console as well.
  env.logLevel = "fatal";
  env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  return {
    service: createOrtDriver(
      { InferenceSession, Tensor } as unknown as OrtRuntime,
      { ...sessionOptions, executionProviders: [device] },
      { copyModels },
    ),
    details: {
      "onnxruntime-web": env.versions.web ?? env.versions.common,
      threads,
      isolated,
      // There is no build without.
      simd: true,
      ...(device === "webgpu" && { adapter: await nameAdapter() }),
    },
  };
}

/** Half of the logical cores, which is about the physical ones; both where there are two, and no more than eight. */
function usualThreads(): number {
  const cores = navigator.hardwareConcurrency;
  return Math.min(cores, 8, Math.max(2, Math.ceil(cores / 2)));
}

/** Errors when there is no WebGPU here, or no GPU for it. */
async function nameAdapter(): Promise<string> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<{ info: AdapterInfo } | null> } };
  if (!gpu) throw new Error("this browser has no WebGPU");
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("WebGPU has no adapter");
  const { vendor, architecture, device, description } = adapter.info;
  return [vendor, architecture, device, description].filter((part) => part !== "").join(" ");
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}
