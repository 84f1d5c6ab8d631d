import { Worker } from "node:worker_threads";
import { check } from "@relpos/core";
import { createOrtClient, type StartedService } from "@relpos/onnx";
import type { WorkerOptions } from "./worker-options.js";

/**
 * The service in a worker thread of Node, which keeps the process alive only while a request waits. When it ends,
 * everything that waits is rejected with the reason.
 */
export async function startWorker(options: WorkerOptions): Promise<StartedService> {
  check(options.device === "wasm", "startWorker", () => {
    return `device must be wasm in Node, where @relpos/backend-ort-node has others, got ${options.device}`;
  });
  // Node starts no thread from TypeScript: a source takes the built one.
  const worker = new Worker(new URL("../dist/node-worker.js", import.meta.url), { execArgv: [], name: "relpos-ort" });
  const { service, receive, end } = createOrtClient<WorkerOptions>({
    post: (request, memory) => worker.postMessage(request, memory as ArrayBuffer[]),
    waiting: (some) => (some ? worker.ref() : worker.unref()),
  });
  worker.on("message", receive);
  worker.on("error", (error) =>
    end(`the worker thread failed: ${error instanceof Error ? error.message : error}`, error),
  );
  worker.on("exit", (code) => end(`the worker thread ended with code ${code}`));
  const close = async (): Promise<void> => {
    end("the backend was closed");
    await worker.terminate();
  };
  try {
    return { ...service, details: await service.start(options), close };
  } catch (error) {
    await close();
    throw error;
  }
}
