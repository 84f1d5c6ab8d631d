import type { ByteSource } from "./dataset.js";

/** A text in memory as a source. */
export function textSource(text: string, name = "text"): ByteSource {
  return bytesSource(new TextEncoder().encode(text), name);
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  return {
    name,
    async *open() {
      yield bytes;
    },
  };
}

/** A file of a web page, or a download, as a source; unpacked where its name ends in `.gz`. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    open(signal) {
      const stream = blob.stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
      return chunksOf(name.endsWith(".gz") ? stream.pipeThrough(new DecompressionStream("gzip")) : stream, signal);
    },
  };
}

async function* chunksOf(stream: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
