import { type Handlers, handle, type Reply, type Request } from "./messages.js";
import { explain } from "./work/failure.js";
import type { Session } from "./work/train.js";

// Everything heavy happens here. The page has two of these workers: one trains while the other draws encodings.

const say = (reply: Reply): void => self.postMessage(reply);

let stop = new AbortController();
let session: Session | undefined;

const handlers: Handlers<Request, Promise<void>> = {
  catalogue: async () => {
    const { causalEncodings } = await import("./work/inspect.js");
    say({ type: "catalogue", names: causalEncodings() });
  },
  inspect: async ({ request, text }) => {
    const { drawEncoding } = await import("./work/inspect.js");
    say({ type: "inspected", request, markup: await drawEncoding(request, text) });
  },
  train: async ({ request, text }) => {
    stop = new AbortController();
    const { signal } = stop;
    try {
      const { newSession, train } = await import("./work/train.js");
      if (!request.resume || !session) session = newSession();
      say({ type: "finished", finished: await train(request, text, session, signal, say) });
    } catch (error) {
      if (signal.aborted) return say({ type: "stopped" });
      throw error;
    }
  },
  stop: async () => stop.abort(),
};

self.onmessage = ({ data }: MessageEvent<Request>) => {
  handle<Request, Promise<void>>(handlers, data)?.catch((error: unknown) =>
    say({ type: "failed", failure: explain(error) }),
  );
};
