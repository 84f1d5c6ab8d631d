import { RelposError } from "@relpos/core";
import type { BackendDetails } from "@relpos/core/backend";
import type { OrtService } from "../session/service.js";
import type { Reply, Request, StartableService } from "./protocol.js";

/** The way to a worker, which answers with replies. */
export interface WorkerPort {
  /** Sends a request, and gives it memory instead of copying. */
  post(request: Request, memory: readonly ArrayBufferLike[]): void;
  /** Told when a request starts to wait where none did, and when none waits any more. Default is to do nothing. */
  waiting?(some: boolean): void;
}

/** The service of a worker that was started, and what it says of itself. */
export interface StartedService extends OrtService {
  readonly details: BackendDetails;
}

/** A service that lives in a worker. */
export interface OrtClient<Options> {
  readonly service: StartableService<Options>;
  /** Takes what the worker answers. */
  receive(reply: Reply): void;
  /** The worker is gone: rejects what waits, and all that comes later, with the reason. */
  end(reason: string, cause?: unknown): void;
}

interface Waiting {
  readonly method: string;
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Calls a service through a channel to the worker that serves it. */
export function createOrtClient<Options>(port: WorkerPort): OrtClient<Options> {
  type Service = StartableService<Options>;
  const requests = new Map<number, Waiting>();
  let nextId = 0;
  let ended: { readonly reason: string; readonly cause?: unknown } | undefined;

  const call = <M extends keyof Service>(
    method: M,
    argument: Parameters<Service[M]>[0],
    memory: readonly ArrayBufferLike[] = [],
  ): Promise<Awaited<ReturnType<Service[M]>>> => {
    if (ended) return Promise.reject(new RelposError(method, ended.reason, { cause: ended.cause }));
    const id = nextId++;
    port.post({ id, method, argument } as Request, memory);
    if (requests.size === 0) port.waiting?.(true);
    return new Promise((resolve, reject) => requests.set(id, { method, resolve, reject }));
  };

  return {
    service: {
      start: (options) => call("start", options),
      open: (request) => call("open", request, [request.model.buffer]),
      run: (request) => call("run", request),
      upload: (request) => call("upload", request, [request.value.data.buffer]),
      download: (tensor) => call("download", tensor),
      dispose: (tensors) => call("dispose", tensors),
      release: (session) => call("release", session),
      memory: () => call("memory", undefined),
      close: () => call("close", undefined),
    },
    receive: (reply) => {
      const request = requests.get(reply.id);
      requests.delete(reply.id);
      if (requests.size === 0 && !ended) port.waiting?.(false);
      if ("error" in reply) request?.reject(new RelposError(request.method, `ONNX Runtime: ${reply.error}`));
      else request?.resolve(reply.value as never);
    },
    end: (reason, cause) => {
      ended ??= { reason, cause };
      for (const { method, reject } of requests.values()) reject(new RelposError(method, reason, { cause }));
      requests.clear();
    },
  };
}
