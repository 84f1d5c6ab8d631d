import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { check, RelposError } from "@relpos/core";
import type { BackendDetails } from "@relpos/core/backend";
import type { OrtService } from "@relpos/onnx";
import { type Reply, type Request, readyId, type WorkerOptions } from "./protocol.js";

interface Waiting {
  readonly method: string;
  resolve(value: never): void;
  reject(error: Error): void;
}

export interface StartedService extends OrtService {
  /** What the worker says of itself. */
  readonly details: BackendDetails;
}

/**
 * The service in a worker thread of its own. The thread keeps the process alive only while a request waits. When it
 * ends, everything that waits is rejected with the reason.
 */
export async function startWorker(options: WorkerOptions, file: URL = workerFile()): Promise<StartedService> {
  const worker = new Worker(file, { workerData: options, execArgv: [], name: "relpos-ort" });
  const exited = new Promise<number>((resolve) => worker.once("exit", resolve));
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let ended: { readonly reason: string; readonly cause?: unknown } | undefined;

  const expect = <R>(id: number, method: string): Promise<R> => {
    worker.ref();
    return new Promise<R>((resolve, reject) => waiting.set(id, { method, resolve, reject }));
  };
  const settle = (id: number): Waiting | undefined => {
    const request = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0 && !ended) worker.unref();
    return request;
  };
  const end = (reason: string, cause?: unknown): void => {
    ended ??= { reason, cause };
    for (const { method, reject } of waiting.values()) reject(new RelposError(method, reason, { cause }));
    waiting.clear();
  };
  worker.on("message", (message: Reply) => {
    const request = settle(message.id);
    if ("error" in message) request?.reject(new RelposError(request.method, `ONNX Runtime: ${message.error}`));
    else request?.resolve(message.value as never);
  });
  worker.on("error", (error) =>
    end(`the worker thread crashed: ${error instanceof Error ? error.message : error}`, error),
  );
  void exited.then((code) => end(`the worker thread ended with code ${code}`));

  const call = <M extends keyof OrtService>(
    method: M,
    argument: Parameters<OrtService[M]>[0],
    memory: readonly ArrayBufferLike[] = [],
  ): Promise<Awaited<ReturnType<OrtService[M]>>> => {
    if (ended) return Promise.reject(new RelposError(method, ended.reason, { cause: ended.cause }));
    const id = nextId++;
    worker.postMessage({ id, method, argument } as Request, memory as ArrayBuffer[]);
    return expect(id, method);
  };

  const details = await expect<BackendDetails>(readyId, "createOrtNodeBackend");
  return {
    details,
    open: (request) => call("open", request, [request.model.buffer]),
    run: (request) => call("run", request),
    upload: (request) => call("upload", request, [request.value.data.buffer]),
    download: (tensor) => call("download", tensor),
    dispose: (tensors) => call("dispose", tensors),
    release: (session) => call("release", session),
    memory: () => call("memory", undefined),
    close: async () => {
      if (!ended) {
        call("close", undefined).catch(() => {});
        end("the backend was closed");
        worker.ref();
      }
      await exited;
    },
  };
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
