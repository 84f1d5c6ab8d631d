import { check } from "@relpos/core";

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that are read by ranges: a file, a Blob, a URL, or bytes in memory. */
export interface ByteSource {
  /** What errors call it: a path, a file's name, a URL. */
  readonly name: string;
  /** Where it lies on this machine's disk, if it does. */
  readonly path?: string | undefined;
  /** Number of bytes. */
  size(options?: ReadOptions): Promise<number>;
  /** Bytes from `start` to `end`, the end not included. Errors when there are fewer. */
  read(start: number, end: number, options?: ReadOptions): Promise<Uint8Array>;
  /** Frees what it holds. A second call does nothing. */
  close(): Promise<void>;
}

/** Errors unless 0 ≤ start ≤ end ≤ size. */
export function checkRange(name: string, start: number, end: number, size: number): void {
  check(0 <= start && start <= end && end <= size, "read", () => {
    return `${name}: range must lie in its ${size} bytes, got ${start} to ${end}`;
  });
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  return {
    name,
    size: async () => bytes.length,
    read: async (start, end) => {
      checkRange(name, start, end, bytes.length);
      return bytes.subarray(start, end);
    },
    close: async () => {},
  };
}

/** A Blob, such as a File that a user chose; ranges are read when they are asked for. */
export function blobSource(blob: Blob, name = "name" in blob ? String(blob.name) : "blob"): ByteSource {
  return {
    name,
    size: async () => blob.size,
    read: async (start, end, options) => {
      options?.signal?.throwIfAborted();
      checkRange(name, start, end, blob.size);
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
    close: async () => {},
  };
}
