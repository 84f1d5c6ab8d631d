import { UnsupportedError } from "@relpos/core";
import type { ByteSource } from "./byte-source.js";

/** Files on disk, where there is no disk: every function errors. */
function refuse(operation: string, path: string): never {
  throw new UnsupportedError(operation, `paths need Node, got ${path}; give a File, a Blob, bytes or a URL`);
}

export function fileSource(path: string): ByteSource {
  return refuse("fileSource", path);
}

/** Whether a path is a folder on disk: never, where there is none. */
export async function isLocalFolder(_path: string): Promise<boolean> {
  return false;
}

export async function readFolder(path: string): Promise<ReadonlyMap<string, ByteSource>> {
  return refuse("readFolder", path);
}

export async function writeFileAtomically(path: string, _pieces: Iterable<Uint8Array>): Promise<void> {
  return refuse("writeFile", path);
}
