import { pairKey } from "./pair-key.js";
import { PriorityQueue } from "./priority-queue.js";

/** Merges by the pair that they join: rank (the lower, the earlier) and the id of what they make. */
export type MergeTable = ReadonlyMap<number, { readonly rank: number; readonly id: number }>;

/**
 * Applies merges to a word: the one of lowest rank first, of equal ones the leftmost, until none applies.
 *
 * Takes n log n steps for n symbols, so that a word without end, such as a megabyte of one letter, does no harm.
 */
export function applyMerges(symbols: readonly number[], merges: MergeTable): number[] {
  const ids: (number | undefined)[] = [...symbols];
  const next = ids.map((_, index) => index + 1);
  const previous = ids.map((_, index) => index - 1);
  const queue = new PriorityQueue<{ rank: number; at: number; pair: number; id: number }>(
    (a, b) => a.rank - b.rank || a.at - b.at,
  );
  const pairAt = (at: number): number | undefined => {
    const [first, second] = [ids[at], ids[next[at] as number]];
    return first === undefined || second === undefined ? undefined : pairKey(first, second);
  };
  const consider = (at: number): void => {
    const pair = at < 0 ? undefined : pairAt(at);
    const merge = pair === undefined ? undefined : merges.get(pair);
    if (merge) queue.push({ ...merge, at, pair: pair as number });
  };

  for (let at = 0; at < ids.length - 1; at++) consider(at);
  for (let merge = queue.pop(); merge; merge = queue.pop()) {
    const { at, pair, id } = merge;
    if (pairAt(at) !== pair) continue;
    const gone = next[at] as number;
    const after = next[gone] as number;
    ids[at] = id;
    ids[gone] = undefined;
    next[at] = after;
    if (after < ids.length) previous[after] = at;
    consider(previous[at] as number);
    consider(at);
  }
  return ids.filter((id) => id !== undefined);
}
