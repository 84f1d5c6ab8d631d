import type { OnProgress } from "./progress.js";

export interface ReadWholeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A Blob's bytes from `start` on, piece by piece as they come. */
export async function* piecesOf(
  file: string,
  blob: Blob,
  start: number,
  { signal, onProgress }: ReadWholeOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const total = blob.size;
  let loaded = start;
  onProgress?.({ status: "initiate", file, loaded, total });
  const reader = (start === 0 ? blob : blob.slice(start)).stream().getReader();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      loaded += value.length;
      onProgress?.({ status: "progress", file, loaded, total });
      yield value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    await reader.cancel();
  }
  onProgress?.({ status: "done", file, loaded, total });
}

/** All pieces. */
export async function readWhole(
  file: string,
  blob: Blob,
  start: number,
  options?: ReadWholeOptions,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of piecesOf(file, blob, start, options)) pieces.push(piece);
  return pieces;
}
