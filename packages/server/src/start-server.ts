import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { RelposError } from "@relpos/core";
import type { TextGenerator } from "@relpos/pipelines";
import { isLoopback } from "./admission.js";
import { createApp } from "./app.js";
import type { AppOptions } from "./app-options.js";
import { Engine } from "./engine.js";
import { type Limits, limitsOf } from "./limits.js";

export interface ServerOptions extends Omit<AppOptions, "loopbackOnly"> {
  readonly generator: TextGenerator;
  /** Default 0: any that is free. */
  readonly port?: number | undefined;
  /** The address that it listens at. Default "127.0.0.1": to this machine alone. */
  readonly hostname?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

export interface CloseOptions {
  /** So long answers may go on that were begun. Default 10. */
  readonly graceSeconds?: number | undefined;
}

/** A server that listens. */
export interface Server {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /**
   * Takes no more requests, refuses those that wait, and lets others end within a time, after which they are broken off.
   * The generator stays open. A second call does nothing more.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** So long connections may take that are to be closed. */
const closingMs = 50;

/** Starts a server that answers as OpenAI's does. Errors when it cannot listen there. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { generator, port = 0, hostname = "127.0.0.1", limits, ...others } = options;
  const engine = new Engine(generator, limitsOf(limits));
  const app = createApp(engine, { ...others, loopbackOnly: isLoopback(hostname) });
  const http = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as HttpServer;
  await listen(http, port, hostname);
  const address = http.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    close: ({ graceSeconds = 10 } = {}) => {
      closed ??= shut(http, engine, graceSeconds);
      return closed;
    },
  };
}

function listen(http: HttpServer, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", (cause) => {
      reject(new RelposError("startServer", `cannot listen at ${hostname}:${port}: ${cause.message}`, { cause }));
    });
    http.listen(port, hostname, resolve);
  });
}

async function shut(http: HttpServer, engine: Engine, graceSeconds: number): Promise<void> {
  const ended = new Promise<void>((resolve) => http.close(() => resolve()));
  engine.refuse();
  const late = setTimeout(() => {
    engine.abort();
    setTimeout(() => http.closeAllConnections(), closingMs).unref();
  }, graceSeconds * 1000);
  // Connections that were at work when the server closed stay open for another request until they are told.
  const idle = setInterval(() => http.closeIdleConnections(), closingMs);
  await ended;
  clearTimeout(late);
  clearInterval(idle);
  engine.dispose();
}
