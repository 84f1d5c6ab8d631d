import { check } from "@relpos/core";
import { type BertNormalization, bertWordCutter } from "./bert-words.js";
import { learnMerges, type MergeOptions } from "./learn-merges.js";
import { type SpecialTokens, specialTokenList } from "./special-tokens.js";
import type { Tokenizer } from "./tokenizer.js";
import { countIn, pacemaker, type Texts, type TrainingOptions } from "./training.js";
import { compareCodePoints, vocabularyOf } from "./vocabulary.js";
import { continuingPrefix, wordPieceTokenizer } from "./wordpiece.js";

/** What a WordPiece is trained to. */
export interface WordPieceOptions extends TrainingOptions, Partial<BertNormalization> {
  /** Tokens in all: special ones, characters at the beginning of and within words, and one for each merge. */
  readonly vocabularySize: number;
  /** Default is [PAD], [UNK], [CLS], [SEP] and [MASK]. */
  readonly specialTokens?: SpecialTokens;
  /** Pairs that occur less often are not merged. Default is 1. */
  readonly minFrequency?: number;
  /** How many characters are known, the most frequent ones; words with others become unknown. Default is no limit. */
  readonly maxCharacters?: number;
}

/** The special tokens of BERT, in its order. */
export const bertSpecialTokens = { pad: "[PAD]", unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]" } as const;

/**
 * Trains a WordPiece on texts: BERT's words, as characters, merged from the most frequent pair on, as `WordPieceTrainer` of
 * Hugging Face's tokenizers does. (Google's own trainer, which was never published, took the likeliest pair.)
 *
 * Special tokens come first, then the characters, then those within words, each by code point, then the merges. Of equally
 * frequent pairs, the one with the lower ids is merged first; Hugging Face numbers characters within words at random.
 */
export async function trainWordPiece(texts: Texts, options: WordPieceOptions): Promise<Tokenizer> {
  const { vocabularySize, specialTokens = bertSpecialTokens, minFrequency = 1 } = options;
  const { lowercase = true, stripAccents = lowercase, cleanText = true, handleChineseCharacters = true } = options;
  const normalization = { lowercase, stripAccents, cleanText, handleChineseCharacters };
  const cut = bertWordCutter(normalization);
  const counts = await countIn(texts, options, (text, add) => {
    for (const { text: word } of cut(text)) add(word);
  });
  check(counts.size > 0, "trainWordPiece", () => "texts must hold at least one word, got none");

  const known = frequentCharacters(counts, options.maxCharacters);
  const within = [...counts.keys()].flatMap((word) => symbolsOf(word, known).slice(1));
  const first = [...new Set([...specialTokenList(specialTokens), ...known, ...within.sort(compareCodePoints)])];
  check(Number.isInteger(vocabularySize) && vocabularySize >= first.length, "trainWordPiece", () => {
    return `vocabularySize must be a whole number from ${first.length} on, for special tokens and characters, got ${vocabularySize}`;
  });
  const pace = pacemaker(options);
  const tokens = await learnPieces(counts, first, {
    vocabularySize,
    minFrequency,
    pause: (size) => pace({ stage: "merge", size, vocabularySize }),
  });
  const { cls, sep } = specialTokens;
  return wordPieceTokenizer({
    vocabulary: vocabularyOf(tokens, specialTokens),
    normalization,
    template: cls !== undefined && sep !== undefined ? { before: [cls], after: [sep] } : undefined,
  });
}

/** The pieces that counted words yield, after those that there are at first: their order decides between equal pairs. */
export async function learnPieces(
  counts: ReadonlyMap<string, number>,
  first: readonly string[],
  options: Pick<MergeOptions, "vocabularySize" | "minFrequency" | "pause">,
): Promise<readonly string[]> {
  const ids = new Map(first.map((token, id) => [token, id]));
  const words = Array.from(counts, ([word, count]) => ({
    symbols: symbolsOf(word, ids).map((symbol) => ids.get(symbol) as number),
    count,
  }));
  const join = (a: string, b: string) => a + (b.startsWith(continuingPrefix) ? b.slice(continuingPrefix.length) : b);
  return (await learnMerges({ words, tokens: first, join, ...options })).tokens;
}

/** Characters of a word as pieces, without those that are not known. */
function symbolsOf(word: string, known: { has(character: string): boolean }): readonly string[] {
  return Array.from(word, (character, index) => ({ character, index }))
    .filter(({ character }) => known.has(character))
    .map(({ character, index }) => (index === 0 ? character : continuingPrefix + character));
}

/** The most frequent characters, by code point. */
function frequentCharacters(
  counts: ReadonlyMap<string, number>,
  limit = Number.POSITIVE_INFINITY,
): ReadonlySet<string> {
  const frequency = new Map<string, number>();
  for (const [word, count] of counts) {
    for (const character of word) frequency.set(character, (frequency.get(character) ?? 0) + count);
  }
  const kept = [...frequency].sort(([a, countA], [b, countB]) => countB - countA || compareCodePoints(a, b));
  return new Set(
    kept
      .slice(0, limit)
      .map(([character]) => character)
      .sort(compareCodePoints),
  );
}
