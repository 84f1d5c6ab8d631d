import { byteAlphabet } from "./byte-alphabet.js";
import { byteLevelBpeTokenizer } from "./byte-level-bpe.js";
import { type SpecialTokens, specialTokenList } from "./special-tokens.js";
import type { ByteTokenizer } from "./tokenizer.js";
import { vocabularyOf } from "./vocabulary.js";

/** The tokenizer whose tokens are the 256 bytes of UTF-8, after the special tokens: nothing to train, nothing unknown. */
export function byteTokenizer(specialTokens: SpecialTokens = {}): ByteTokenizer {
  const vocabulary = vocabularyOf([...new Set([...specialTokenList(specialTokens), ...byteAlphabet])], specialTokens);
  return byteLevelBpeTokenizer({ vocabulary, merges: [], splitWords: false }, "bytes");
}
