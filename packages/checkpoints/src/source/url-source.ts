import { check, RelposError } from "@relpos/core";
import { type ByteSource, checkRange, type ReadOptions } from "./byte-source.js";

export interface UrlOptions {
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * A URL, read by range requests. A server that does not answer them sends everything at the first, which is kept.
 * Errors name the URL and the status, or why there is none.
 */
export function urlSource(url: string | URL, { headers = {}, fetch: request = fetch }: UrlOptions = {}): ByteSource {
  const name = String(url);
  let whole: Uint8Array | undefined;
  let known: number | undefined;
  const get = async (extra: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<Response> => {
    const sent = request(name, { headers: { ...headers, ...extra }, ...(signal && { signal }) });
    const response = await sent.catch((error: Error) => {
      signal?.throwIfAborted();
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      throw new RelposError("fetch", `${name}: cannot be fetched: ${reason}`, { cause: error });
    });
    check(response.ok, "fetch", () => `${name}: status must be 200 or 206, got ${response.status}`);
    return response;
  };
  const size = async (options: ReadOptions = {}): Promise<number> => {
    if (whole) return whole.length;
    if (known !== undefined) return known;
    const response = await get({ range: "bytes=0-0" }, options.signal);
    const total = Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]);
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 206 || !Number.isFinite(total)) {
      whole = body;
      return whole.length;
    }
    known = total;
    return known;
  };
  return {
    name,
    size,
    read: async (start, end, options = {}) => {
      checkRange(name, start, end, await size(options));
      if (whole) return whole.subarray(start, end);
      if (start === end) return new Uint8Array(0);
      const response = await get({ range: `bytes=${start}-${end - 1}` }, options.signal);
      const body = new Uint8Array(await response.arrayBuffer());
      check(response.status === 206 && body.length === end - start, "fetch", () => {
        return `${name}: must answer with bytes ${start} to ${end}, got ${body.length} bytes and status ${response.status}`;
      });
      return body;
    },
    close: async () => {
      whole = undefined;
    },
  };
}
