const limit = 2 ** 26;

/** Two ids as one number, in the order of the first and then the second. Exact for ids below 2²⁶. */
export function pairKey(first: number, second: number): number {
  return first * limit + second;
}

/** The two ids of a key. */
export function pairOf(key: number): readonly [first: number, second: number] {
  return [Math.floor(key / limit), key % limit];
}
