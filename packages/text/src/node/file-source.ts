import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import type { ByteSource } from "../datasets/dataset.js";

/** A file, read in pieces; unpacked where its name ends in `.gz`. Errors as Node's file system does. */
export function fileSource(path: string): ByteSource {
  return {
    name: basename(path),
    open(signal) {
      const file = createReadStream(path, { highWaterMark: 1 << 18, ...(signal && { signal }) });
      if (!path.endsWith(".gz")) return file;
      const unpacked = createGunzip();
      file.on("error", (error) => unpacked.destroy(error));
      unpacked.on("close", () => file.destroy());
      return file.pipe(unpacked);
    },
  };
}
