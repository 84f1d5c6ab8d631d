import { type Handlers, handle, type Reply, type Request } from "../messages.js";

/** A worker that can be asked, and thrown away with all that it does. */
export interface OpenedWorker {
  ask(request: Request): void;
  /** Ends what it does, whatever that is. The next request starts it anew. */
  drop(): void;
}

/** A worker of the page, started when it is first asked. */
export function openWorker(handlers: Partial<Handlers<Reply, void>>): OpenedWorker {
  let worker: Worker | undefined;
  const start = (): Worker => {
    const started = new Worker(new URL("../worker.ts", import.meta.url), { type: "module" });
    started.onmessage = ({ data }: MessageEvent<Reply>) => handle(handlers, data);
    started.onerror = ({ message = "it did not load" }) => {
      handlers.failed?.({
        type: "failed",
        failure: { problem: `the worker failed: ${message}`, remedy: "reload the page" },
      });
    };
    return started;
  };
  return {
    ask: (request) => {
      worker ??= start();
      worker.postMessage(request);
    },
    drop: () => {
      worker?.terminate();
      worker = undefined;
    },
  };
}
