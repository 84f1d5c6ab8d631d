const whitespace = /\p{White_Space}+/u;

/** The words of a text between white space, whatever Unicode counts as such. */
export function splitWords(text: string): readonly string[] {
  return text.split(whitespace).filter((word) => word !== "");
}

/** How often each item occurs. */
export function countItems<T>(items: Iterable<T>): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** Sum of the smaller of both counts, over all items. */
export function commonCount<T>(a: ReadonlyMap<T, number>, b: ReadonlyMap<T, number>): number {
  let common = 0;
  for (const [item, count] of a) common += Math.min(count, b.get(item) ?? 0);
  return common;
}

/** Sum of numbers. */
export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** a / b, and 0 where b is 0. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

/** Harmonic mean of precision and recall, and 0 where both are. */
export function harmonicMean(precision: number, recall: number): number {
  return ratio(2 * precision * recall, precision + recall);
}
