import { fileSource } from "#files";
import { type ByteSource, blobSource, bytesSource } from "./byte-source.js";
import { urlSource } from "./url-source.js";

/** What can be opened: a path (in Node), a URL, a File or Blob, bytes in memory, or a source of one's own. */
export type SourceLike = string | URL | Blob | Uint8Array | ByteSource;

/** The source that a value stands for. Strings that begin with `http:` or `https:` are URLs, others are paths. */
export function openSource(value: SourceLike): ByteSource {
  if (typeof value === "string") return /^https?:/.test(value) ? urlSource(value) : fileSource(value);
  if (value instanceof Uint8Array) return bytesSource(value);
  if (value instanceof URL) return value.protocol === "file:" ? fileSource(filePath(value)) : urlSource(value);
  return value instanceof Blob ? blobSource(value) : value;
}

/** The path of a `file:` URL. */
export function filePath(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}
