import type { Dataset, Place } from "../../src/index.js";

/** The entries of a stream. */
export async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const list: Entry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

export const skip = { onError: "skip" } as const;

/** What a dataset says of its skipped records, after a pass: `line: rule`. */
export async function problems(dataset: Dataset<Place>): Promise<readonly string[]> {
  await all(dataset);
  return dataset.report().problems.map(({ line, rule }) => `${line}: ${rule}`);
}
