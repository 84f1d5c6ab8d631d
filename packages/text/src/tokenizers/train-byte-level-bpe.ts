import { check } from "@relpos/core";
import { byteAlphabet, tokenOfBytes } from "./byte-alphabet.js";
import { byteLevelBpeTokenizer, byteLevelWords } from "./byte-level-bpe.js";
import { learnMerges } from "./learn-merges.js";
import { type SpecialTokens, specialTokenList } from "./special-tokens.js";
import type { ByteTokenizer } from "./tokenizer.js";
import { countIn, pacemaker, type Texts, type TrainingOptions } from "./training.js";
import { vocabularyOf } from "./vocabulary.js";

/** What a byte-level BPE is trained to. */
export interface ByteLevelBpeOptions extends TrainingOptions {
  /** Tokens in all: the special ones, 256 bytes, and one for each merge; fewer where the texts yield no more. */
  readonly vocabularySize: number;
  readonly specialTokens?: SpecialTokens;
  /** Pairs that occur less often are not merged. Default is 1. */
  readonly minFrequency?: number;
}

const encoder = new TextEncoder();

/**
 * Trains a byte-level BPE on texts: GPT-2's words, as bytes, merged from the most frequent pair on.
 *
 * Special tokens come first, then the bytes, then the merges in their order, as `BpeTrainer` of Hugging Face's tokenizers
 * has them; its merges are the same, to the last.
 */
export async function trainByteLevelBpe(texts: Texts, options: ByteLevelBpeOptions): Promise<ByteTokenizer> {
  const { vocabularySize, specialTokens = {}, minFrequency = 1 } = options;
  const special = specialTokenList(specialTokens);
  const first = [...special, ...byteAlphabet.filter((token) => !special.includes(token))];
  check(Number.isInteger(vocabularySize) && vocabularySize >= first.length, "trainByteLevelBpe", () => {
    return `vocabularySize must be a whole number from ${first.length} on, got ${vocabularySize}`;
  });
  const counts = await countIn(texts, options, (text, add) => {
    for (const word of byteLevelWords(text)) add(word);
  });
  check(counts.size > 0, "trainByteLevelBpe", () => "texts must hold at least one character, got none");

  const idOf = new Map(first.map((token, id) => [token, id]));
  const pace = pacemaker(options);
  const { tokens, merges } = await learnMerges({
    words: Array.from(counts, ([word, count]) => ({
      symbols: Array.from(tokenOfBytes(encoder.encode(word)), (character) => idOf.get(character) as number),
      count,
    })),
    tokens: first,
    vocabularySize,
    minFrequency,
    join: (a, b) => a + b,
    pause: (size) => pace({ stage: "merge", size, vocabularySize }),
  });
  return byteLevelBpeTokenizer({
    vocabulary: vocabularyOf(tokens, specialTokens),
    merges: merges.map(([a, b]) => [tokens[a] as string, tokens[b] as string]),
  });
}
