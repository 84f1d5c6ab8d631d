import { check } from "@relpos/core";
import { type TranslationTokenizer, translationTokens } from "./translation-tokens.js";
import { commonCount, countItems, sumOf } from "./words.js";

const orders = [1, 2, 3, 4] as const;

/** One or several references of a segment. */
export type References = string | readonly string[];

/** BLEU in percent, with what it is made of. */
export interface Bleu {
  readonly score: number;
  /** Of 1- to 4-grams, in percent. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  readonly hypothesisLength: number;
  readonly referenceLength: number;
}

export interface BleuOptions {
  /** Default "13a". */
  readonly tokenizer?: TranslationTokenizer;
  /** Takes the mean over the orders that the hypotheses have only: for single sentences. Default `false`. */
  readonly effectiveOrder?: boolean;
}

/**
 * BLEU of a corpus: the geometric mean of n-gram precisions, times exp(1 − r/c) where the hypotheses are shorter than
 * their references. Papineni et al. 2002; agrees with sacreBLEU 2.6 (Post, arXiv:1804.08771) with its exponential smoothing.
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly References[],
  options: BleuOptions = {},
): Bleu {
  const { tokenizer = "13a", effectiveOrder = false } = options;
  check(hypotheses.length === references.length, "corpusBleu", () => {
    return `every hypothesis needs a reference, got ${hypotheses.length} and ${references.length}`;
  });
  const segments = hypotheses.map((hypothesis, index) => countSegment(hypothesis, references[index]!, tokenizer));
  const total = (pick: (segment: SegmentCounts) => number): number => sumOf(segments.map(pick));
  const hypothesisLength = total((segment) => segment.hypothesisLength);
  const referenceLength = total((segment) => segment.referenceLength);
  const matches = orders.map((_, order) => total((segment) => segment.matches[order]!));
  const totals = orders.map((_, order) => total((segment) => segment.totals[order]!));
  const brevityPenalty = penalty(hypothesisLength, referenceLength);
  const precisions = smoothedPrecisions(matches, totals);
  const used = effectiveOrder ? precisions.slice(0, totals.filter((count) => count > 0).length) : precisions;
  const found = matches.some((count) => count > 0) && used.every((precision) => precision > 0);
  const score = found ? brevityPenalty * Math.exp(sumOf(used.map(Math.log)) / used.length) : 0;
  return { score, precisions, brevityPenalty, hypothesisLength, referenceLength };
}

/** BLEU of one sentence, over the n-gram orders that it has. */
export function sentenceBleu(hypothesis: string, references: References, options: BleuOptions = {}): number {
  return corpusBleu([hypothesis], [references], { effectiveOrder: true, ...options }).score;
}

interface SegmentCounts {
  readonly hypothesisLength: number;
  /** Of the reference whose length is closest, the shorter of two. */
  readonly referenceLength: number;
  readonly matches: readonly number[];
  readonly totals: readonly number[];
}

function countSegment(hypothesis: string, references: References, tokenizer: TranslationTokenizer): SegmentCounts {
  const tokens = translationTokens(hypothesis, tokenizer);
  const others = [references].flat().map((reference) => translationTokens(reference, tokenizer));
  check(others.length > 0, "corpusBleu", () => "a hypothesis needs a reference, got none");
  const lengths = others.map(({ length }) => length).sort((a, b) => distance(a) - distance(b) || a - b);
  function distance(length: number): number {
    return Math.abs(length - tokens.length);
  }
  const counts = orders.map((order) => {
    const most = new Map<string, number>();
    for (const other of others) {
      for (const [gram, count] of countItems(ngrams(other, order)))
        most.set(gram, Math.max(count, most.get(gram) ?? 0));
    }
    return commonCount(countItems(ngrams(tokens, order)), most);
  });
  return {
    hypothesisLength: tokens.length,
    referenceLength: lengths[0]!,
    matches: counts,
    totals: orders.map((order) => Math.max(0, tokens.length - order + 1)),
  };
}

/** Runs of `order` items, joined by spaces. */
export function ngrams(items: readonly string[], order: number): readonly string[] {
  const count = Math.max(0, items.length - order + 1);
  return Array.from({ length: count }, (_, start) => items.slice(start, start + order).join(" "));
}

function penalty(hypothesis: number, reference: number): number {
  if (hypothesis >= reference) return 1;
  return hypothesis > 0 ? Math.exp(1 - reference / hypothesis) : 0;
}

/** In percent; the k-th order without a match counts 1/2ᵏ matches. Orders that no hypothesis is long enough for are 0. */
function smoothedPrecisions(matches: readonly number[], totals: readonly number[]): readonly number[] {
  if (matches.every((count) => count === 0)) return orders.map(() => 0);
  let share = 1;
  return orders.map((_, order) => {
    if (totals[order] === 0) return 0;
    if (matches[order] === 0) share /= 2;
    return (100 * (matches[order] || share)) / totals[order]!;
  });
}
