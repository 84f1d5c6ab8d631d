import type { TokenizerJson } from "./tokenizer-json.js";
import type { Vocabulary } from "./vocabulary.js";

/** A text as tokens. */
export interface Encoding {
  /** Indices into the vocabulary. Shape [S]. */
  readonly ids: Int32Array;
  /**
   * Begin and end of each token in the text, in UTF-16 units as `String.prototype.slice` takes them. Shape [S, 2], flat.
   *
   * Special tokens that `addSpecialTokens` adds begin and end at 0. A token that holds a part of a character spans all of
   * it. Absent where the tokenizer cannot tell: one that the Hugging Face library runs.
   */
  readonly offsets?: Int32Array;
}

/** How a text is encoded. */
export interface EncodeOptions {
  /** Whether the tokens that the tokenizer was made to add, such as [CLS] and [SEP], are added. Default is `false`. */
  readonly addSpecialTokens?: boolean;
}

/** How tokens become text. */
export interface DecodeOptions {
  /** Whether special tokens are left out. Default is `true`. */
  readonly skipSpecialTokens?: boolean;
}

/** What kind of tokens a tokenizer makes. */
export type TokenizerKind = "words" | "characters" | "bytes" | "byte-level-bpe" | "wordpiece" | "hugging-face";

/** Text to tokens and back. `JSON.stringify(tokenizer)` is its `tokenizer.json`. */
export interface Tokenizer {
  readonly kind: TokenizerKind;
  readonly vocabulary: Vocabulary;
  /**
   * The tokens of a text. The text of a special token in it becomes that token.
   *
   * What the vocabulary lacks becomes the unknown token; errors where there is none.
   */
  encode(text: string, options?: EncodeOptions): Encoding;
  /** The text of tokens. Errors where one is not in the vocabulary. */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** The tokenizer in the format of Hugging Face's `tokenizer.json`. */
  toJSON(): TokenizerJson;
}

/** A tokenizer that keeps every byte: decode undoes encode for any bytes, be they text or not. */
export interface ByteTokenizer extends Tokenizer {
  /** The tokens of bytes; special tokens are not looked for. */
  encodeBytes(bytes: Uint8Array): Int32Array;
  /** The bytes of tokens; special tokens are left out. */
  decodeBytes(ids: Iterable<number>): Uint8Array;
}
