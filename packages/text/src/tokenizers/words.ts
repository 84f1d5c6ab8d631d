import { check } from "@relpos/core";
import { assembleTokenizer } from "./assemble.js";
import type { SpecialTokens } from "./special-tokens.js";
import type { Tokenizer } from "./tokenizer.js";
import { type TokenizerPart, vocabOf } from "./tokenizer-json.js";
import { countIn, type Texts, type TrainingOptions } from "./training.js";
import { countedVocabulary, type Vocabulary, type VocabularyCut } from "./vocabulary.js";
import { continuingPrefix } from "./wordpiece.js";

/** What a tokenizer by words is trained to. */
export interface WordOptions extends TrainingOptions, VocabularyCut {
  /** Default is <pad> and <unk>. */
  readonly specialTokens?: SpecialTokens;
  /** Whether words are lowercased. Default is `false`. */
  readonly lowercase?: boolean;
}

/** A word or a mark of a text, and where it begins. */
export interface Segment {
  readonly text: string;
  readonly start: number;
}

let segmenter: Intl.Segmenter | undefined;

/** Lines, in pieces of a few hundred characters that end at a space: engines segment long texts in quadratic time. */
const pieces = /[^\n]{0,500}[^\n\s]*\s?|\n/gu;

/**
 * The words and marks of a text, without white space, by `Intl.Segmenter`: Chinese, Japanese and Thai by a dictionary, other
 * languages by the rules of Unicode (UAX 29).
 */
export function segmentWords(text: string): readonly Segment[] {
  segmenter ??= new Intl.Segmenter("en", { granularity: "word" });
  const segments: Segment[] = [];
  for (const { 0: piece, index: start } of text.matchAll(pieces)) {
    for (const { segment, index } of segmenter.segment(piece)) {
      if (segment.trim().length > 0) segments.push({ text: segment, start: start + index });
    }
  }
  return segments;
}

/** The tokenizer whose tokens are the words and marks of texts, the most frequent first. */
export async function trainWords(texts: Texts, options: WordOptions = {}): Promise<Tokenizer> {
  const { lowercase = false, specialTokens = { pad: "<pad>", unk: "<unk>" } } = options;
  const counts = await countIn(texts, options, (text, add) => {
    for (const segment of segmentWords(text)) add(lowercase ? segment.text.toLowerCase() : segment.text);
  });
  check(counts.size > 0, "trainWords", () => "texts must hold at least one word, got none");
  return wordsTokenizer(countedVocabulary(counts, specialTokens, options), { lowercase });
}

/** The tokenizer by words of a vocabulary. Other words are the unknown token, or an error where there is none. */
export function wordsTokenizer(vocabulary: Vocabulary, { lowercase = false } = {}): Tokenizer {
  const unknown = vocabulary.special.unk;
  return assembleTokenizer({
    kind: "words",
    vocabulary,
    tokenize(text, sink) {
      for (const segment of segmentWords(text)) {
        const word = lowercase ? segment.text.toLowerCase() : segment.text;
        const id = vocabulary.idOf(word) ?? unknown;
        check(id !== undefined, "encode", () => {
          return `text must use the words of the vocabulary, or it needs an unknown token, got ${JSON.stringify(word)}`;
        });
        sink(id, segment.start, segment.start + segment.text.length);
      }
    },
    join: joinWords,
    parts: {
      normalizer: lowercase ? { type: "Lowercase" } : null,
      pre_tokenizer: segmenterStandIn,
      decoder: { type: "WordPiece", prefix: continuingPrefix, cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: unknown === undefined ? "" : vocabulary.tokenOf(unknown),
        continuing_subword_prefix: continuingPrefix,
        max_input_chars_per_word: 1000,
        vocab: vocabOf(vocabulary),
      },
    },
  });
}

const han = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff";

/**
 * What stands in `tokenizer.json` for `Intl.Segmenter`, which the format does not know: words with their apostrophes, Han
 * characters one by one, marks. Other readers thus agree on most European text, and see Chinese words as characters; relpos
 * takes this very pattern for its segmenter.
 */
export const segmenterStandIn: TokenizerPart = {
  type: "Split",
  pattern: {
    Regex: `[${han}]|(?:(?![${han}])[\\p{L}\\p{M}\\p{N}_])+(?:['’.](?![${han}])[\\p{L}\\p{N}_]+)*|[^\\s\\p{L}\\p{M}\\p{N}_]`,
  },
  behavior: "Removed",
  invert: true,
};

const noSpaceBefore = /^[\p{Pe}\p{Pf}.,;:!?%…、。，！？；：]/u;
const noSpaceAfter = /[\p{Ps}\p{Pi}]$/u;
const dense = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u;

/** Words as text: a space between two, but for punctuation that clings, and Chinese and Japanese, which have none. */
function joinWords(tokens: readonly string[]): string {
  let text = "";
  let last = "";
  for (const token of tokens) {
    const clings = noSpaceBefore.test(token) || noSpaceAfter.test(last) || (dense.test(token) && dense.test(last));
    text += last === "" || clings ? token : ` ${token}`;
    last = token;
  }
  return text;
}
