import { check, foldIn, randomKey, randomUniform } from "@relpos/core";

/** How a stream is shuffled. */
export interface ShuffleOptions {
  readonly seed: number;
  /** Another order for each. Default is 0. */
  readonly epoch?: number;
  /** How many entries are held in memory; a dataset no larger than that is shuffled evenly. Default is 10,000. */
  readonly buffer?: number;
}

/** Entries of a stream in random order, as far as a buffer reaches: the same for the same seed and epoch. */
export async function* shuffled<Entry>(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  { seed, epoch = 0, buffer = 10_000 }: ShuffleOptions,
): AsyncGenerator<Entry> {
  check(buffer >= 1, "shuffled", () => `buffer must be at least 1, got ${buffer}`);
  const key = foldIn(foldIn(randomKey(seed), "shuffled"), epoch);
  const held: Entry[] = [];
  let drawn = 0;
  const draw = (): Entry => {
    const index = Math.floor((randomUniform(foldIn(key, drawn++), 1)[0] as number) * held.length);
    const entry = held[index] as Entry;
    held[index] = held[held.length - 1] as Entry;
    held.pop();
    return entry;
  };
  for await (const entry of entries) {
    held.push(entry);
    if (held.length > buffer) yield draw();
  }
  while (held.length > 0) yield draw();
}
