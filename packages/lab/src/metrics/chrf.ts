import { check } from "@relpos/core";
import { ngrams, type References } from "./bleu.js";
import { commonCount, countItems, splitWords, sumOf } from "./words.js";

export interface ChrfOptions {
  /** Longest n-grams of words beside those of characters: 2 makes it chrF++. Default 0. */
  readonly wordOrder?: number;
  /** Longest n-grams of characters. Default 6. */
  readonly characterOrder?: number;
  /** How much more recall counts than precision. Default 2. */
  readonly beta?: number;
}

/**
 * chrF of a corpus in percent: F-score of character n-grams, white space left out. Popović 2015 and 2017 (chrF++);
 * agrees with sacreBLEU 2.6.
 */
export function corpusChrf(
  hypotheses: readonly string[],
  references: readonly References[],
  options: ChrfOptions = {},
): number {
  check(hypotheses.length === references.length, "corpusChrf", () => {
    return `every hypothesis needs a reference, got ${hypotheses.length} and ${references.length}`;
  });
  const { wordOrder = 0, characterOrder = 6, beta = 2 } = options;
  const gramsOf = (text: string) => allGrams(text, characterOrder, wordOrder);
  const segments = hypotheses.map((hypothesis, index) => {
    const own = gramsOf(hypothesis);
    const candidates = [references[index]!].flat().map((reference) => countOrders(own, gramsOf(reference)));
    return candidates.reduce((best, other) => (fScore(other, beta) > fScore(best, beta) ? other : best));
  });
  const orders = characterOrder + wordOrder;
  const totals = Array.from({ length: orders }, (_, order): OrderCounts => {
    const total = (name: keyof OrderCounts): number => sumOf(segments.map((segment) => segment[order]![name]));
    return { hypothesis: total("hypothesis"), reference: total("reference"), matches: total("matches") };
  });
  return fScore(totals, beta);
}

interface OrderCounts {
  readonly hypothesis: number;
  readonly reference: number;
  readonly matches: number;
}

type Counted = ReadonlyMap<string, number>;

/** n-grams of characters, then of words, by order. */
function allGrams(text: string, characterOrder: number, wordOrder: number): readonly Counted[] {
  const characters = Array.from(splitWords(text).join(""));
  const words = separatePunctuation(text);
  const upTo = (order: number, items: readonly string[]): readonly Counted[] =>
    Array.from({ length: order }, (_, index) => countItems(ngrams(items, index + 1)));
  return [...upTo(characterOrder, characters), ...upTo(wordOrder, words)];
}

const punctuation = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Words without the punctuation at one of their ends, which is a word of its own: at the end if there is some. */
function separatePunctuation(text: string): readonly string[] {
  return splitWords(text).flatMap((word) => {
    const characters = Array.from(word);
    if (characters.length === 1) return [word];
    const [first, last] = [characters[0]!, characters.at(-1)!];
    if (punctuation.has(last)) return [characters.slice(0, -1).join(""), last];
    return punctuation.has(first) ? [first, characters.slice(1).join("")] : [word];
  });
}

/** What a hypothesis lacks in an order that its reference has no n-grams of is no fault of it. */
function countOrders(own: readonly Counted[], other: readonly Counted[]): readonly OrderCounts[] {
  return own.map((grams, order) => ({
    hypothesis: other[order]!.size > 0 ? sumOf(grams.values()) : 0,
    reference: sumOf(other[order]!.values()),
    matches: commonCount(grams, other[order]!),
  }));
}

/** (1 + β²)·P·R / (β²·P + R) of the mean precision and recall over the orders that both sides have, in percent. */
function fScore(orders: readonly OrderCounts[], beta: number): number {
  const both = orders.filter(({ hypothesis, reference }) => hypothesis > 0 && reference > 0);
  if (both.length === 0) return 0;
  const precision = sumOf(both.map(({ matches, hypothesis }) => matches / hypothesis)) / both.length;
  const recall = sumOf(both.map(({ matches, reference }) => matches / reference)) / both.length;
  if (precision + recall === 0) return 0;
  return (100 * (1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall);
}
