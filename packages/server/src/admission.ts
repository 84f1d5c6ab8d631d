import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "./api-error.js";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Errors unless an `Authorization` header bears the key. How long it takes says nothing of the key. */
export function checkKey(header: string | undefined, key: string): void {
  const [, given] = /^Bearer +(.+)$/i.exec(header ?? "") ?? [];
  if (given === undefined) throw new ApiError(401, "give the API key as `Authorization: Bearer KEY`");
  if (!timingSafeEqual(digest(given), digest(key))) {
    throw new ApiError(401, "the API key is not the server's", { code: "invalid_api_key" });
  }
}

/** Names of this machine alone. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i;

/** Whether a host name stands for this machine alone. */
export const isLoopback = (hostname: string): boolean => loopback.test(hostname);

/**
 * Errors unless a `Host` header names this machine: a foreign page whose name points to it (DNS rebinding) could
 * otherwise ask a server that listens to this machine alone.
 */
export function checkHost(header: string | undefined): void {
  const name = header?.replace(/:\d+$/, "") ?? "";
  if (!isLoopback(name)) throw new ApiError(403, `the host must be this machine, got ${name || "none"}`);
}
