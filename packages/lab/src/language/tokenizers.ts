import {
  byteTokenizer,
  type SpecialTokens,
  type Tokenizer,
  trainByteLevelBpe,
  trainCharacters,
  trainWordPiece,
  trainWords,
} from "@relpos/text";

/** The tokenizers that a training can make of its texts. */
export type TokenizerName = keyof typeof trainers;

export interface TokenizerOptions {
  /** Tokens in all, special ones included. */
  readonly vocabularySize: number;
  /** Rarer words and characters are unknown. Default 1. */
  readonly minFrequency?: number;
  /** Whether words are lowercased. Default `true` for words and WordPiece. */
  readonly lowercase?: boolean;
}

/** One set of special tokens serves every task. */
export const specialTokens: SpecialTokens = {
  pad: "<pad>",
  unk: "<unk>",
  bos: "<s>",
  eos: "</s>",
  cls: "[CLS]",
  sep: "[SEP]",
  mask: "[MASK]",
  others: ["<user>", "<assistant>", "<system>"],
};

const trainers = {
  words: (texts: Iterable<string>, options: TokenizerOptions): Promise<Tokenizer> =>
    trainWords(texts, { lowercase: true, ...options, specialTokens }),
  characters: (texts: Iterable<string>, options: TokenizerOptions): Promise<Tokenizer> =>
    trainCharacters(texts, { ...options, specialTokens }),
  bytes: async (): Promise<Tokenizer> => byteTokenizer(specialTokens),
  bpe: (texts: Iterable<string>, options: TokenizerOptions): Promise<Tokenizer> =>
    trainByteLevelBpe(texts, { ...options, specialTokens }),
  wordpiece: (texts: Iterable<string>, options: TokenizerOptions): Promise<Tokenizer> =>
    trainWordPiece(texts, { ...options, specialTokens }),
};

/** Names of the tokenizers. */
export const tokenizerNames = Object.keys(trainers) as readonly TokenizerName[];

/** Trains a tokenizer on texts. */
export function makeTokenizer(
  name: TokenizerName,
  texts: Iterable<string>,
  options: TokenizerOptions,
): Promise<Tokenizer> {
  return trainers[name](texts, options);
}
