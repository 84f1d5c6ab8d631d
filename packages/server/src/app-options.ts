import type { Usage } from "./engine.js";

/** A request that ended, to log. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** From its head to the answer's end. */
  readonly seconds: number;
  /** The address that it came from. */
  readonly client: string;
  /** Whether the client got its answer to the end. */
  readonly finished: boolean;
  /** What an answer took. */
  readonly usage?: Usage | undefined;
  /** What went wrong in the server. */
  readonly error?: unknown;
}

export interface AppOptions {
  /** What requests call the model. */
  readonly model: string;
  /** Default: none is asked for. */
  readonly apiKey?: string | undefined;
  /** Pages that may ask, by their origin: `https://example.org`, or `*` for all. Default: none. */
  readonly origins?: readonly string[] | undefined;
  /** Whether only requests that name this machine as their host are answered. Default `false`. */
  readonly loopbackOnly?: boolean | undefined;
  /** Called when a request ended. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
}
