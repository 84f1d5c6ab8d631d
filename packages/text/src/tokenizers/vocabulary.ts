import { check } from "@relpos/core";
import { type SpecialRole, type SpecialTokens, specialRoles, specialTokenList } from "./special-tokens.js";

/** The tokens that a tokenizer knows; the id of a token is its index. */
export interface Vocabulary {
  readonly size: number;
  readonly tokens: readonly string[];
  readonly specialTokens: SpecialTokens;
  /** Ids of the special tokens that have a role: `vocabulary.special.pad`. */
  readonly special: Readonly<Partial<Record<SpecialRole, number>>>;
  /** The id of a token, or undefined. */
  idOf(token: string): number | undefined;
  /** The token of an id. Errors when there is none. */
  tokenOf(id: number): string;
  isSpecial(id: number): boolean;
}

/** Makes a vocabulary from its tokens in the order of their ids, special tokens among them. */
export function vocabularyOf(tokens: readonly string[], specialTokens: SpecialTokens = {}): Vocabulary {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  check(ids.size === tokens.length, "vocabulary", () => {
    return `a token must not occur twice, got ${JSON.stringify(tokens.find((token, id) => ids.get(token) !== id))}`;
  });
  const idOfSpecial = (token: string): number => {
    const id = ids.get(token);
    check(id !== undefined, "vocabulary", () => `special token ${JSON.stringify(token)} must be one of its tokens`);
    return id;
  };
  const specialIds = new Set(specialTokenList(specialTokens).map(idOfSpecial));
  const special = specialRoles.flatMap((role) => {
    const token = specialTokens[role];
    return token === undefined ? [] : [[role, idOfSpecial(token)] as const];
  });
  return {
    size: tokens.length,
    tokens,
    specialTokens,
    special: Object.fromEntries(special),
    idOf: (token) => ids.get(token),
    tokenOf(id) {
      const token = tokens[id];
      check(token !== undefined, "decode", () => `a token must be below ${tokens.length}, got ${id}`);
      return token;
    },
    isSpecial: (id) => specialIds.has(id),
  };
}

/** Where a vocabulary is cut. */
export interface VocabularyCut {
  /** Rarer tokens are left out. Default is 1: none. */
  readonly minFrequency?: number;
  /** The most tokens that the vocabulary has, special ones included. Default is no limit. */
  readonly vocabularySize?: number;
}

/** The vocabulary of counted tokens: special ones first, then the others from the most frequent, ties by code point. */
export function countedVocabulary(
  counts: ReadonlyMap<string, number>,
  specialTokens: SpecialTokens,
  { minFrequency = 1, vocabularySize = Number.POSITIVE_INFINITY }: VocabularyCut = {},
): Vocabulary {
  const first = specialTokenList(specialTokens);
  check(vocabularySize > first.length, "vocabulary", () => {
    return `vocabularySize must leave room beside ${first.length} special tokens, got ${vocabularySize}`;
  });
  const special = new Set(first);
  const kept = [...counts]
    .filter(([token, count]) => count >= minFrequency && !special.has(token))
    .sort(([a, countA], [b, countB]) => countB - countA || compareCodePoints(a, b))
    .slice(0, vocabularySize - first.length);
  return vocabularyOf([...first, ...kept.map(([token]) => token)], specialTokens);
}

/** Order by code point: UTF-16 order, but for surrogates after all other units. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.codePointAt(i) as number, b.codePointAt(i) as number];
    if (x !== y) return x - y;
  }
  return a.length - b.length;
}
