import { check } from "@relpos/core";
import { assembleTokenizer, type TokenSink } from "./assemble.js";
import { type BertNormalization, bertWordCutter } from "./bert-words.js";
import type { Template } from "./template.js";
import type { Tokenizer } from "./tokenizer.js";
import { vocabOf } from "./tokenizer-json.js";
import type { Vocabulary } from "./vocabulary.js";

/** What a WordPiece consists of. */
export interface WordPiece {
  /** Pieces; those that go on within a word begin with the prefix. It has an unknown token. */
  readonly vocabulary: Vocabulary;
  readonly normalization: BertNormalization;
  /** Longer words become the unknown token. Default is 100 characters. */
  readonly maxWordLength?: number;
  readonly template?: Template | undefined;
}

/** What a piece begins with that goes on within a word. */
export const continuingPrefix = "##";

/** The tokenizer of a WordPiece: each word as the longest pieces that there are, from its beginning on. */
export function wordPieceTokenizer(model: WordPiece): Tokenizer {
  const { vocabulary, normalization, maxWordLength = 100, template } = model;
  const unknown = vocabulary.special.unk;
  check(unknown !== undefined, "wordPieceTokenizer", () => "the vocabulary must have an unknown token, got none");
  const words = bertWordCutter(normalization);
  const longest = vocabulary.tokens.reduce((length, token) => Math.max(length, token.length), 0);

  /** Calls the sink with pieces and their units in the word; false where the word has none. */
  const pieces = (word: string): readonly (readonly [id: number, start: number, end: number])[] | undefined => {
    if (word.length > maxWordLength && [...word].length > maxWordLength) return undefined;
    const found: (readonly [number, number, number])[] = [];
    for (let start = 0; start < word.length; ) {
      let end = Math.min(word.length, start + longest);
      let id: number | undefined;
      for (; end > start; end--) {
        const piece = word.slice(start, end);
        id = vocabulary.idOf(start === 0 ? piece : continuingPrefix + piece);
        if (id !== undefined) break;
      }
      if (id === undefined) return undefined;
      found.push([id, start, end]);
      start = end;
    }
    return found;
  };
  const tokenize = (text: string, sink: TokenSink): void => {
    for (const { text: word, starts, ends } of words(text)) {
      const found = pieces(word) ?? [[unknown, 0, word.length] as const];
      for (const [id, start, end] of found) sink(id, starts[start] as number, ends[end - 1] as number);
    }
  };

  return assembleTokenizer({
    kind: "wordpiece",
    vocabulary,
    template,
    tokenize,
    join: joinPieces,
    parts: {
      normalizer: {
        type: "BertNormalizer",
        clean_text: normalization.cleanText,
        handle_chinese_chars: normalization.handleChineseCharacters,
        strip_accents: normalization.stripAccents,
        lowercase: normalization.lowercase,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      decoder: { type: "WordPiece", prefix: continuingPrefix, cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: vocabulary.tokenOf(unknown),
        continuing_subword_prefix: continuingPrefix,
        max_input_chars_per_word: maxWordLength,
        vocab: vocabOf(vocabulary),
      },
    },
  });
}

/** Spaces that English does not write, as Hugging Face's decoder takes them away. */
const cleanups = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

/** Pieces as text: words with a space between them, but before English punctuation. */
function joinPieces(tokens: readonly string[]): string {
  return tokens
    .map((token, index) => {
      if (index > 0 && token.startsWith(continuingPrefix)) return token.slice(continuingPrefix.length);
      const spaced = index > 0 ? ` ${token}` : token;
      return cleanups.reduce((text, [from, to]) => text.replaceAll(from, to), spaced);
    })
    .join("");
}
