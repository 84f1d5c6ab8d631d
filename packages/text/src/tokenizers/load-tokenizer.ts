import { check, RelposError } from "@relpos/core";
import { byteLevelBpeTokenizer } from "./byte-level-bpe.js";
import { charactersTokenizer } from "./characters.js";
import { huggingFaceTokenizer } from "./hugging-face.js";
import { type Template, templateOf } from "./template.js";
import type { Tokenizer } from "./tokenizer.js";
import { type TokenizerConfig, type TokenizerJson, type TokenizerPart, vocabularyOfJson } from "./tokenizer-json.js";
import { type Vocabulary, vocabularyOf } from "./vocabulary.js";
import { continuingPrefix, wordPieceTokenizer } from "./wordpiece.js";
import { segmenterStandIn, wordsTokenizer } from "./words.js";

/**
 * The tokenizer of a `tokenizer.json`, with its `tokenizer_config.json` where there is one: it tells which special token
 * has which role; without it their names do.
 *
 * What relpos trains, and others of the same form (GPT-2, BERT), are run by its own code, which knows offsets. Everything
 * else is run by Hugging Face's library. Errors when the file is not a tokenizer.
 */
export function tokenizerFromJson(json: string | TokenizerJson, config?: TokenizerConfig): Tokenizer {
  const file = typeof json === "string" ? parse(json) : json;
  checkForm(file);
  const template = templateOf(file.post_processor);
  if (template && file.added_tokens.every(isPlain)) {
    for (const { is, make } of forms) {
      if (is(file)) return make(file, vocabularyOfJson(file, config), template);
    }
  }
  return huggingFaceTokenizer(file, config);
}

function parse(text: string): TokenizerJson {
  try {
    return JSON.parse(text) as TokenizerJson;
  } catch (error) {
    throw new RelposError("tokenizerFromJson", "tokenizer.json must be JSON", { cause: error });
  }
}

function checkForm(file: TokenizerJson): void {
  const has = typeof file === "object" && file !== null && typeof file.model === "object" && Boolean(file.model?.vocab);
  check(has, "tokenizerFromJson", () => "tokenizer.json must have a model with a vocab");
  check(Array.isArray(file.added_tokens), "tokenizerFromJson", () => "tokenizer.json must list its added_tokens");
}

/** Whether an added token is found as it is written, without regard to what surrounds it. */
function isPlain(token: TokenizerJson["added_tokens"][number]): boolean {
  return !token.single_word && !token.lstrip && !token.rstrip && token.special;
}

interface Form {
  is(file: TokenizerJson): boolean;
  make(file: TokenizerJson, vocabulary: Vocabulary, template: Template): Tokenizer;
}

/** The forms that relpos runs itself, each with the settings that it understands. */
const forms: readonly Form[] = [
  {
    is: ({ model, normalizer, pre_tokenizer: before, decoder }) =>
      isBpe(model) &&
      normalizer === null &&
      before?.type === "ByteLevel" &&
      before.add_prefix_space === false &&
      decoder?.type === "ByteLevel",
    make: ({ model, pre_tokenizer: before }, vocabulary, template) =>
      byteLevelBpeTokenizer(
        {
          vocabulary,
          merges: pairs(model.merges),
          splitWords: before?.use_regex !== false,
          ...(template.before.length + template.after.length > 0 && { template }),
        },
        model.merges?.length === 0 && before?.use_regex === false ? "bytes" : "byte-level-bpe",
      ),
  },
  {
    is: ({ model, normalizer, pre_tokenizer: before, decoder }) =>
      isBpe(model) &&
      model.merges?.length === 0 &&
      model.fuse_unk !== true &&
      normalizer === null &&
      before === null &&
      decoder?.type === "Fuse",
    make: (file, vocabulary) => charactersTokenizer(withUnknown(vocabulary, file)),
  },
  {
    is: ({ model, pre_tokenizer: before }) =>
      model.type === "WordPiece" && JSON.stringify(before) === JSON.stringify(segmenterStandIn),
    make: (file, vocabulary) =>
      wordsTokenizer(withUnknown(vocabulary, file), { lowercase: file.normalizer?.type === "Lowercase" }),
  },
  {
    is: ({ model, normalizer, pre_tokenizer: before, decoder }) =>
      model.type === "WordPiece" &&
      model.continuing_subword_prefix === continuingPrefix &&
      normalizer?.type === "BertNormalizer" &&
      before?.type === "BertPreTokenizer" &&
      decoder?.type === "WordPiece" &&
      decoder.cleanup !== false,
    make(file, vocabulary, template) {
      const { clean_text, handle_chinese_chars, strip_accents, lowercase } = file.normalizer as TokenizerPart;
      return wordPieceTokenizer({
        vocabulary: withUnknown(vocabulary, file),
        normalization: {
          cleanText: clean_text !== false,
          handleChineseCharacters: handle_chinese_chars !== false,
          stripAccents: typeof strip_accents === "boolean" ? strip_accents : lowercase !== false,
          lowercase: lowercase !== false,
        },
        maxWordLength: Number(file.model.max_input_chars_per_word ?? 100),
        ...(template.before.length + template.after.length > 0 && { template }),
      });
    },
  },
];

function isBpe(model: TokenizerJson["model"]): boolean {
  return (
    model.type === "BPE" &&
    !model.dropout &&
    !model.continuing_subword_prefix &&
    !model.end_of_word_suffix &&
    !model.byte_fallback &&
    !model.ignore_merges
  );
}

/** Merges as pairs; older files write each as one string with a space. */
function pairs(merges: TokenizerJson["model"]["merges"] = []): readonly (readonly [string, string])[] {
  return merges.map((merge) => (typeof merge === "string" ? (merge.split(" ") as [string, string]) : merge));
}

/** The vocabulary with the unknown token that the model names. */
function withUnknown(vocabulary: Vocabulary, { model }: TokenizerJson): Vocabulary {
  const { unk_token: unk } = model;
  if (!unk || vocabulary.specialTokens.unk === unk) return vocabulary;
  return vocabularyOf(vocabulary.tokens, { ...vocabulary.specialTokens, unk });
}
