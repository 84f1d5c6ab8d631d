import { specialTokenList } from "./special-tokens.js";
import { type Template, templateProcessing } from "./template.js";
import type { EncodeOptions, Encoding, Tokenizer, TokenizerKind } from "./tokenizer.js";
import { type TokenizerParts, tokenizerJson } from "./tokenizer-json.js";
import type { Vocabulary } from "./vocabulary.js";

/** Takes a token: its id, and where it begins and ends in the text. */
export type TokenSink = (id: number, start: number, end: number) => void;

/** What makes one kind of tokenizer differ from another. */
export interface TokenizerDefinition {
  readonly kind: TokenizerKind;
  readonly vocabulary: Vocabulary;
  /** The tokens that `addSpecialTokens` adds. */
  readonly template?: Template | undefined;
  /** The tokens of a text without special tokens. */
  tokenize(text: string, sink: TokenSink): void;
  /** The text of tokens. */
  join(tokens: readonly string[]): string;
  readonly parts: Omit<TokenizerParts, "post_processor">;
}

/** The tokenizer of a definition: special tokens are found first, the text between them is tokenized. */
export function assembleTokenizer({
  kind,
  vocabulary,
  template,
  tokenize,
  join,
  parts,
}: TokenizerDefinition): Tokenizer {
  const pieces = splitterAtSpecialTokens(vocabulary);
  const idsOf = (tokens: readonly string[]) => tokens.map((token) => vocabulary.idOf(token) as number);
  const [before, after] = [idsOf(template?.before ?? []), idsOf(template?.after ?? [])];

  return {
    kind,
    vocabulary,
    encode(text: string, { addSpecialTokens = false }: EncodeOptions = {}): Encoding {
      const ids: number[] = addSpecialTokens ? [...before] : [];
      const offsets: number[] = ids.flatMap(() => [0, 0]);
      for (const { text: piece, start, id } of pieces(text)) {
        if (id === undefined) {
          tokenize(piece, (token, from, to) => {
            ids.push(token);
            offsets.push(start + from, start + to);
          });
        } else {
          ids.push(id);
          offsets.push(start, start + piece.length);
        }
      }
      if (addSpecialTokens) {
        ids.push(...after);
        for (const _ of after) offsets.push(0, 0);
      }
      return { ids: Int32Array.from(ids), offsets: Int32Array.from(offsets) };
    },
    decode(ids, { skipSpecialTokens = true } = {}) {
      const tokens: string[] = [];
      for (const id of ids) {
        const token = vocabulary.tokenOf(id);
        if (!(skipSpecialTokens && vocabulary.isSpecial(id))) tokens.push(token);
      }
      return join(tokens);
    },
    toJSON: () =>
      tokenizerJson(vocabulary, {
        ...parts,
        post_processor: template ? templateProcessing(template, vocabulary) : null,
      }),
  };
}

interface Piece {
  readonly text: string;
  readonly start: number;
  /** Given for a special token. */
  readonly id?: number;
}

/** Cuts texts at their special tokens; where one begins with another, the longer one is meant. */
function splitterAtSpecialTokens(vocabulary: Vocabulary): (text: string) => Iterable<Piece> {
  const tokens = [...specialTokenList(vocabulary.specialTokens)].sort((a, b) => b.length - a.length);
  if (tokens.length === 0) return (text) => [{ text, start: 0 }];
  const pattern = new RegExp(tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  return function* (text) {
    let start = 0;
    for (const { 0: token, index } of text.matchAll(pattern)) {
      if (index > start) yield { text: text.slice(start, index), start };
      yield { text: token, start: index, id: vocabulary.idOf(token) as number };
      start = index + token.length;
    }
    if (start < text.length) yield { text: text.slice(start), start };
  };
}
