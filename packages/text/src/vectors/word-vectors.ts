import { check, type HostTensor } from "@relpos/core";

/** Words, each with a vector of the same width; the most frequent first, as such files have them. */
export interface WordVectors {
  readonly words: readonly string[];
  readonly width: number;
  /** float32 [V, D] */
  readonly table: HostTensor;
  /** The row of a word, or undefined. */
  idOf(word: string): number | undefined;
  /** The vector of a word, a view of the table, or undefined. */
  vectorOf(word: string): Float32Array | undefined;
}

/** Makes word vectors of words and their rows. Shape of the table [V, D]. */
export function wordVectors(words: readonly string[], table: Float32Array): WordVectors {
  check(words.length > 0, "wordVectors", () => "there must be at least one word, got none");
  const width = table.length / words.length;
  check(Number.isInteger(width) && width > 0, "wordVectors", () => {
    return `the table must have a row of one width for each of ${words.length} words, got ${table.length} numbers`;
  });
  const ids = new Map<string, number>();
  for (const [id, word] of words.entries()) if (!ids.has(word)) ids.set(word, id);
  check(
    ids.size === words.length,
    "wordVectors",
    () => `a word must not occur twice, got ${words.length - ids.size} that do`,
  );
  return {
    words,
    width,
    table: { shape: [words.length, width], dtype: "float32", data: table },
    idOf: (word) => ids.get(word),
    vectorOf(word) {
      const id = ids.get(word);
      return id === undefined ? undefined : table.subarray(id * width, (id + 1) * width);
    },
  };
}
