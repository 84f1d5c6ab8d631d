import { createOrtClient, type StartedService } from "@relpos/onnx";
import type { Device, WorkerOptions } from "./worker-options.js";

/** One file for each build of ONNX Runtime, so that none is loaded that is not used. Bundlers know this form. */
const workers: Readonly<Record<Device, () => Worker>> = {
  wasm: () => new Worker(new URL("./wasm-worker.js", import.meta.url), { type: "module" }),
  webgpu: () => new Worker(new URL("./webgpu-worker.js", import.meta.url), { type: "module" }),
};

/** The service in a web worker of its own. When it fails, everything that waits is rejected with the reason. */
export async function startWorker(options: WorkerOptions): Promise<StartedService> {
  const worker = workers[options.device]();
  const { service, receive, end } = createOrtClient<WorkerOptions>({
    post: (request, memory) => worker.postMessage(request, memory as ArrayBuffer[]),
  });
  worker.onmessage = ({ data }) => receive(data);
  worker.onerror = (event) => {
    event.preventDefault();
    end(`the worker failed: ${event.message ?? "it could not be loaded"}`);
  };
  const close = async (): Promise<void> => {
    end("the backend was closed");
    worker.terminate();
  };
  try {
    return { ...service, details: await service.start(options), close };
  } catch (error) {
    await close();
    throw error;
  }
}
