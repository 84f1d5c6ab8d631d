import { check } from "@relpos/core";
import { guessRoles, type SpecialRole, type SpecialTokens, specialRoles } from "./special-tokens.js";
import { type Vocabulary, vocabularyOf } from "./vocabulary.js";

/** A part of `tokenizer.json`: its type, and settings as the type has them. */
export interface TokenizerPart {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** The model of `tokenizer.json`. Tokens to ids, or tokens with scores for Unigram. */
export interface TokenizerModel extends TokenizerPart {
  readonly vocab: Readonly<Record<string, number>> | readonly (readonly [token: string, score: number])[];
  readonly merges?: readonly (string | readonly [string, string])[];
  readonly unk_token?: string | null;
}

/** A token that is looked for in the text before anything else. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The file `tokenizer.json` of Hugging Face's tokenizers. */
export interface TokenizerJson {
  readonly version: string;
  readonly truncation: unknown;
  readonly padding: unknown;
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: TokenizerPart | null;
  readonly pre_tokenizer: TokenizerPart | null;
  readonly post_processor: TokenizerPart | null;
  readonly decoder: TokenizerPart | null;
  readonly model: TokenizerModel;
}

/** What of `tokenizer_config.json` matters here: which token has which role. */
export type TokenizerConfig = Readonly<Record<string, unknown>>;

/** The parts that differ between tokenizers, in the order in which they act. */
export type TokenizerParts = Partial<Omit<TokenizerJson, "version" | "truncation" | "padding" | "added_tokens">> &
  Pick<TokenizerJson, "model">;

/** The file of a tokenizer: its parts, with its special tokens as added tokens. */
export function tokenizerJson(vocabulary: Vocabulary, parts: TokenizerParts): TokenizerJson {
  const added = vocabulary.tokens.flatMap((content, id) => (vocabulary.isSpecial(id) ? [addedToken(id, content)] : []));
  const none = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return { version: "1.0", truncation: null, padding: null, added_tokens: added, ...none, ...parts };
}

function addedToken(id: number, content: string): AddedToken {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/** The tokens with their ids, as a model has them. */
export function vocabOf({ tokens }: Vocabulary): Readonly<Record<string, number>> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** The model of a byte-pair encoding; without merges, the one whose tokens are the characters. */
export function pairEncoding(
  vocabulary: Vocabulary,
  merges: readonly (readonly [string, string])[],
  unknownToken: string | null = null,
): TokenizerModel {
  return {
    type: "BPE",
    dropout: null,
    unk_token: unknownToken,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: vocabOf(vocabulary),
    merges,
  };
}

/** The file `tokenizer_config.json` of a tokenizer: which token has which role, for Python's transformers and others. */
export function tokenizerConfig({ specialTokens }: Vocabulary): TokenizerConfig {
  const roles = specialRoles.flatMap((role) =>
    specialTokens[role] === undefined ? [] : [[`${role}_token`, specialTokens[role]] as const],
  );
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...Object.fromEntries(roles),
    clean_up_tokenization_spaces: false,
  };
}

/** The vocabulary of a file, with the roles of its special tokens from the configuration, or by their names. */
export function vocabularyOfJson({ model, added_tokens }: TokenizerJson, config?: TokenizerConfig): Vocabulary {
  const tokens = Array.isArray(model.vocab)
    ? (model.vocab as readonly (readonly [string, number])[]).map(([token]) => token)
    : tokensById(model.vocab as Readonly<Record<string, number>>);
  for (const { id, content } of added_tokens) tokens[id] = content;
  for (let id = 0; id < tokens.length; id++) {
    check(tokens[id] !== undefined, "tokenizerFromJson", () => `every id must have a token, got none for ${id}`);
  }
  const special = added_tokens.filter(({ special }) => special).map(({ content }) => content);
  return vocabularyOf(tokens, config ? configuredRoles(config, special, tokens) : guessRoles(special));
}

function tokensById(vocab: Readonly<Record<string, number>>): string[] {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  return tokens;
}

function configuredRoles(
  config: TokenizerConfig,
  special: readonly string[],
  tokens: readonly string[],
): SpecialTokens {
  const known = new Set(tokens);
  const roles: (readonly [SpecialRole, string])[] = specialRoles.flatMap((role) => {
    const value = config[`${role}_token`];
    const token = typeof value === "object" && value !== null && "content" in value ? value.content : value;
    return typeof token === "string" && known.has(token) ? [[role, token] as const] : [];
  });
  return { ...Object.fromEntries(roles), others: special };
}
