import type { BackendDetails } from "@relpos/core/backend";
import type { OrtService } from "../session/service.js";
import type { Reply, Request } from "./protocol.js";

/** A service that was started, and what it runs on. */
export interface Started {
  readonly service: OrtService;
  readonly details: BackendDetails;
}

/**
 * The worker's end of the channel: answers each request that it is given. `start` makes the service from the options of
 * the first one; `post` sends a reply and gives it memory instead of copying.
 */
export function serveOrt<Options>(
  start: (options: Options) => Promise<Started>,
  post: (reply: Reply, memory: ArrayBuffer[]) => void,
): (request: Request<Options>) => Promise<void> {
  let service: OrtService | undefined;
  const call = async ({ method, argument }: Request<Options>): Promise<unknown> => {
    if (method === "start") {
      const started = await start(argument);
      service = started.service;
      return started.details;
    }
    if (!service) throw new Error("the service was not started");
    return (service[method] as (argument: unknown) => Promise<unknown>)(argument);
  };
  return async (request) => {
    const { id } = request;
    try {
      const value = await call(request);
      post({ id, value }, memoryOf(value));
    } catch (error) {
      post({ id, error: error instanceof Error ? error.message : String(error) }, []);
    }
  };
}

/** Memory of a downloaded tensor. */
function memoryOf(value: unknown): ArrayBuffer[] {
  const data = (value as { data?: ArrayBufferView } | undefined)?.data;
  return data ? [data.buffer as ArrayBuffer] : [];
}
