/** Named files of one comparison or training: a folder on disk, or memory in a browser. Names are relative, with `/`. */
export interface RunStore {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces the whole file or leaves the old one: a reader never sees half of it. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing when there is no such file. */
  remove(name: string): Promise<void>;
}

/** A store that forgets everything when the process ends. */
export function memoryRunStore(files: Map<string, Uint8Array> = new Map()): RunStore {
  return {
    read: async (name) => files.get(name),
    write: async (name, bytes) => {
      files.set(name, bytes.slice());
    },
    remove: async (name) => {
      files.delete(name);
    },
  };
}

/** Reads a JSON file of a store. */
export async function readJson(store: Pick<RunStore, "read">, name: string): Promise<unknown> {
  const bytes = await store.read(name);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}

/** Writes a JSON file of a store: indented, lists of numbers on one line, with a newline at its end. */
export async function writeJson(store: RunStore, name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value, undefined, 1).replace(/\[[\s\d.,eE+\-nul]*\]/g, (list) =>
    list.replace(/\n\s*/g, ""),
  );
  await store.write(name, new TextEncoder().encode(`${text}\n`));
}
