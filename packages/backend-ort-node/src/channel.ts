import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { check } from "@relpos/core";
import { createOrtClient, type StartedService } from "@relpos/onnx";
import type { WorkerOptions } from "./worker-options.js";

/**
 * The service in a worker thread of its own. The thread keeps the process alive only while a request waits. When it
 * ends, everything that waits is rejected with the reason.
 */
export async function startWorker(options: WorkerOptions, file: URL = workerFile()): Promise<StartedService> {
  const worker = new Worker(file, { execArgv: [], name: "relpos-ort" });
  const exited = new Promise<number>((resolve) => worker.once("exit", resolve));
  const { service, receive, end } = createOrtClient<WorkerOptions>({
    post: (request, memory) => worker.postMessage(request, memory as ArrayBuffer[]),
    waiting: (some) => (some ? worker.ref() : worker.unref()),
  });
  worker.on("message", receive);
  worker.on("error", (error) =>
    end(`the worker thread crashed: ${error instanceof Error ? error.message : error}`, error),
  );
  void exited.then((code) => end(`the worker thread ended with code ${code}`));

  const close = async (): Promise<void> => {
    service.close().catch(() => {});
    end("the backend was closed");
    worker.ref();
    await exited;
  };
  try {
    return { ...service, details: await service.start(options), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The worker's file. Node cannot start a thread from TypeScript: where this file is read as a source, by vitest for
 * example, the built worker is taken.
 */
function workerFile(): URL {
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "../dist/worker.js" : "./worker.js", import.meta.url);
  check(
    existsSync(fileURLToPath(file)),
    "createOrtNodeBackend",
    () => "the worker is not built: run `pnpm build` first",
  );
  return file;
}
