import type { ByteSource } from "./byte-source.js";

/** Files by name: those of a checkpoint's folder, wherever it is. */
export type Folder = ReadonlyMap<string, ByteSource>;
