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
export async function isLocal(_path: string): Promise<boolean> {
  return false;
}

export async function readFolder(path: string): Promise<ReadonlyMap<string, ByteSource>> {
  return refuse("readFolder", path);
}

/** Where files are kept that can be made again: nowhere. */
export function cacheFile(_name: string, _folder?: string): string | undefined {
  return undefined;
}

export async function modifiedAt(_path: string): Promise<number | undefined> {
  return undefined;
}

export async function writeFileAtomically(
  path: string,
  _pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  return refuse("writeFile", path);
}
