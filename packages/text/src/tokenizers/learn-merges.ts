import { pairKey, pairOf } from "./pair-key.js";
import { PriorityQueue } from "./priority-queue.js";

/** A word as ids of its symbols, and how often it occurs. */
export interface CountedWord {
  symbols: readonly number[];
  readonly count: number;
}

/** What merges are learned from, and until when. */
export interface MergeOptions {
  readonly words: readonly CountedWord[];
  /** The tokens that there are before the first merge; a symbol is an index into them. */
  readonly tokens: readonly string[];
  readonly vocabularySize: number;
  /** Pairs that occur less often are not merged. */
  readonly minFrequency: number;
  /** The token that two tokens make. */
  join(first: string, second: string): string;
  /** Called now and then with the size of the vocabulary; what it returns is awaited. */
  pause(size: number): Promise<void>;
}

/** All tokens, the merged ones last, and the merges in their order. */
export interface LearnedMerges {
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [first: number, second: number])[];
}

/** A pair that waits to be merged: how often it occurred when it was queued, and in which words it was then found. */
interface Candidate {
  readonly pair: number;
  readonly count: number;
  readonly words: readonly number[];
}

/**
 * Learns merges: the most frequent pair of neighbours becomes a token, until the vocabulary is full (Sennrich et al. 2016,
 * "Neural Machine Translation of Rare Words with Subword Units"). Equally frequent pairs go by the ids of first and second.
 *
 * Counts are kept up while words change, and a count in the queue is mended when it comes up. This is the order of
 * `BpeTrainer` in Hugging Face's tokenizers, to the detail that a pair which comes back by another spelling of one of its
 * tokens keeps the count of its first merge.
 */
export async function learnMerges(options: MergeOptions): Promise<LearnedMerges> {
  const { words, vocabularySize, minFrequency, join, pause } = options;
  const tokens = [...options.tokens];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const counts = new Map<number, number>();
  const queue = new PriorityQueue<Candidate>((a, b) => b.count - a.count || a.pair - b.pair);
  const found = new Map<number, number[]>();
  const merged = new Set<number>();

  const note = (pair: number, word: number, change: number): void => {
    counts.set(pair, (counts.get(pair) ?? 0) + change);
    if (change < 0) return;
    const places = found.get(pair);
    if (places === undefined) found.set(pair, [word]);
    else if (places[places.length - 1] !== word) places.push(word);
  };
  const enqueueFound = (): void => {
    for (const [pair, words] of found) {
      const count = counts.get(pair) as number;
      if (count > 0) queue.push({ pair, count, words });
    }
    found.clear();
  };

  for (const [word, { symbols, count }] of words.entries()) {
    for (let i = 1; i < symbols.length; i++) {
      note(pairKey(symbols[i - 1] as number, symbols[i] as number), word, count);
    }
  }
  enqueueFound();

  while (tokens.length < vocabularySize) {
    const top = queue.pop();
    if (top === undefined) break;
    const count = counts.get(top.pair) as number;
    if (count !== top.count) {
      queue.push({ ...top, count });
      continue;
    }
    if (count < Math.max(1, minFrequency)) break;
    const [first, second] = pairOf(top.pair);
    const token = join(tokens[first] as string, tokens[second] as string);
    const id = ids.get(token) ?? tokens.push(token) - 1;
    ids.set(token, id);
    merged.delete(top.pair);
    merged.add(top.pair);
    for (const word of top.words) mergeIn(words[word] as CountedWord, word, first, second, id, note);
    enqueueFound();
    await pause(tokens.length);
  }
  return { tokens, merges: Array.from(merged, pairOf) };
}

/** Merges a pair wherever it stands in a word, and notes which pairs that takes and gives. */
function mergeIn(
  word: CountedWord,
  index: number,
  first: number,
  second: number,
  id: number,
  note: (pair: number, word: number, change: number) => void,
): void {
  const { symbols, count } = word;
  const merged: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const symbol = symbols[i] as number;
    if (symbol !== first || symbols[i + 1] !== second) {
      merged.push(symbol);
      continue;
    }
    const before = merged[merged.length - 1];
    const after = symbols[i + 2];
    if (before !== undefined) {
      note(pairKey(before, first), index, -count);
      note(pairKey(before, id), index, count);
    }
    if (after !== undefined) {
      note(pairKey(second, after), index, -count);
      note(pairKey(id, after), index, count);
    }
    merged.push(id);
    i++;
  }
  word.symbols = merged;
}
