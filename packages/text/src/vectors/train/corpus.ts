import { check } from "@relpos/core";
import { countIn, type Texts, type TrainingOptions } from "../../tokenizers/training.js";
import { countedVocabulary, type VocabularyCut } from "../../tokenizers/vocabulary.js";
import { segmentWords } from "../../tokenizers/words.js";

/** What words are trained on, and which of them. */
export interface CorpusOptions extends TrainingOptions, VocabularyCut {
  /** Words of a text. Default: `Intl.Segmenter`'s, in lower case, without punctuation. */
  readonly words?: (text: string) => readonly string[];
}

/** Texts as numbers of words, the rare ones left out. */
export interface WordCorpus {
  /** From the most frequent on. */
  readonly words: readonly string[];
  readonly counts: Float64Array;
  /** The words of each text, in order. */
  readonly texts: readonly Int32Array[];
}

/** Reads a corpus into memory, four bytes a word. */
export async function readCorpus(operation: string, texts: Texts, options: CorpusOptions): Promise<WordCorpus> {
  const { words: wordsOf = plainWords, minFrequency = 5 } = options;
  const order = new Map<string, number>();
  const kept: Int32Array[] = [];
  const counts = await countIn(texts, options, (text, add) => {
    const words = wordsOf(text);
    for (const word of words) {
      add(word);
      if (!order.has(word)) order.set(word, order.size);
    }
    kept.push(Int32Array.from(words, (word) => order.get(word) as number));
  });
  const vocabulary = countedVocabulary(counts, {}, { ...options, minFrequency });
  check(vocabulary.size > 1, operation, () => {
    return `texts must hold at least two words that occur ${minFrequency} times, got ${vocabulary.size}`;
  });
  const idOf = new Int32Array(order.size).fill(-1);
  for (const [word, first] of order) idOf[first] = vocabulary.idOf(word) ?? -1;
  return {
    words: vocabulary.tokens,
    counts: Float64Array.from(vocabulary.tokens, (word) => counts.get(word) as number),
    texts: kept.map((words) => words.map((word) => idOf[word] as number).filter((id) => id >= 0)),
  };
}

function plainWords(text: string): readonly string[] {
  return segmentWords(text.toLowerCase()).flatMap(({ text }) => (/[\p{L}\p{N}]/u.test(text) ? [text] : []));
}
