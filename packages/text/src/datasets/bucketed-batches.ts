import { check, foldIn, permutation, type RandomKey } from "@relpos/core";

/** Which examples a batch has, and the length that they are padded to. */
export interface BatchRows {
  readonly length: number;
  readonly rows: readonly number[];
}

/** Batches of examples of like length, by step; every example once in an epoch, but for the few that fill the last batches. */
export interface BucketedBatches {
  /** The lengths that batches have, ascending. */
  readonly lengths: readonly number[];
  readonly perEpoch: number;
  /** The batch of a step, counted from 0: a pure function. */
  at(step: number): BatchRows;
}

export interface BucketOptions {
  /** Length of each example. */
  readonly sizes: readonly number[];
  readonly batch: number;
  /** Of the order of examples and batches. */
  readonly key: RandomKey;
  /** How many lengths batches have at most. Default 4. */
  readonly buckets?: number;
}

/** Lengths are multiples of it, so that few examples more do not make another shape. */
const grain = 8;

/** Mixes examples anew in every epoch, and batches of all lengths among one another. */
export function bucketedBatches({ sizes, batch, key, buckets = 4 }: BucketOptions): BucketedBatches {
  check(sizes.length > 0, "bucketedBatches", () => "at least one example is needed, got none");
  const lengths = bucketLengths(sizes, batch, buckets);
  const members = lengths.map((length, index) => {
    const below = lengths[index - 1] ?? -1;
    return sizes.flatMap((size, row) => (size > below && size <= length ? [row] : []));
  });
  const perEpoch = members.reduce((sum, { length }) => sum + Math.ceil(length / batch), 0);
  const epochs = new Map<number, readonly BatchRows[]>();
  const epochOf = (epoch: number): readonly BatchRows[] => {
    const own = foldIn(key, epoch);
    const batches = members.flatMap((rows, index) => {
      const order = Array.from(permutation(foldIn(own, index), rows.length), (place) => rows[place]!);
      return Array.from({ length: Math.ceil(rows.length / batch) }, (_, at) => ({
        length: lengths[index]!,
        rows: Array.from({ length: batch }, (_, row) => order[(at * batch + row) % order.length]!),
      }));
    });
    return Array.from(permutation(foldIn(own, "batches"), batches.length), (place) => batches[place]!);
  };
  return {
    lengths,
    perEpoch,
    at(step) {
      const epoch = Math.floor(step / perEpoch);
      const batches = epochs.get(epoch) ?? epochOf(epoch);
      epochs.clear();
      epochs.set(epoch, batches);
      return batches[step % perEpoch]!;
    },
  };
}

/**
 * The lengths, ascending and at most so many, with which batches of examples have the fewest tokens in all: padding, and the
 * rows that fill a last batch. Also for the `lengths` of `paddedBatches`.
 */
export function bucketLengths(sizes: readonly number[], batch: number, buckets: number): readonly number[] {
  const roundedUp = sizes.map((size) => Math.max(1, Math.ceil(size / grain)) * grain);
  const candidates = [...new Set(roundedUp)].sort((a, b) => a - b);
  const upTo = candidates.map((length) => roundedUp.filter((size) => size <= length).length);
  const cost = (after: number, last: number): number => {
    const count = upTo[last]! - (upTo[after] ?? 0);
    return Math.ceil(count / batch) * batch * candidates[last]!;
  };
  // best[last]: the cheapest lengths of which candidate `last` is the longest, one more in each round.
  let best = candidates.map((_, last): Choice => ({ cost: cost(-1, last), lengths: [candidates[last]!] }));
  for (let count = 1; count < buckets; count++) {
    best = best.map((own, last) => {
      const longer = best.slice(0, last).map((before, at): Choice => {
        return { cost: before.cost + cost(at, last), lengths: [...before.lengths, candidates[last]!] };
      });
      return [own, ...longer].reduce((a, b) => (b.cost < a.cost ? b : a));
    });
  }
  return best.at(-1)!.lengths;
}

interface Choice {
  readonly cost: number;
  readonly lengths: readonly number[];
}
