import { check } from "../errors.js";
import { elementCount, type HostTensor } from "../tensor/host-tensor.js";
import { type RandomKey, threefry } from "./threefry.js";

/**
 * Random numbers by counter: the n-th number under a key is a pure function of both, the same on every backend and in
 * whatever order numbers are asked for. Keys are derived from keys with `foldIn`, never advanced.
 */
export function randomKey(seed: number | string): RandomKey {
  return foldIn([0, 0], seed);
}

/** The key for one purpose under a key: a name, an index, a step. */
export function foldIn(key: RandomKey, data: number | string): RandomKey {
  const out = new Uint32Array(2);
  if (typeof data === "number") {
    check(Number.isSafeInteger(data), "foldIn", () => `a number must be a whole one, got ${data}`);
    threefry(key, Math.floor(data / 2 ** 32), data, out, 0);
    return [out[0] as number, out[1] as number];
  }
  let folded: RandomKey = foldIn(key, data.length);
  for (const character of data) folded = foldIn(folded, character.codePointAt(0) as number);
  return folded;
}

/** `count` random 32-bit words. */
export function randomBits(key: RandomKey, count: number): Uint32Array {
  const words = new Uint32Array(count + (count % 2));
  for (let i = 0; i < count; i += 2) threefry(key, 0, i >>> 1, words, i);
  return words.subarray(0, count);
}

/** `count` numbers, uniform in [0, 1), multiples of 2⁻³². */
export function randomUniform(key: RandomKey, count: number): Float64Array {
  const words = randomBits(key, count);
  const uniform = new Float64Array(count);
  for (let i = 0; i < count; i++) uniform[i] = (words[i] as number) * 2 ** -32;
  return uniform;
}

/** `count` numbers with mean 0 and variance 1, by Box and Muller's transform. */
export function randomNormal(key: RandomKey, count: number): Float64Array {
  const words = randomBits(key, count + (count % 2));
  const normal = new Float64Array(words.length);
  for (let i = 0; i < words.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(((words[i] as number) + 1) * 2 ** -32));
    const angle = 2 * Math.PI * (words[i + 1] as number) * 2 ** -32;
    normal[i] = radius * Math.cos(angle);
    normal[i + 1] = radius * Math.sin(angle);
  }
  return normal.subarray(0, count);
}

/** `count` whole numbers, low ≤ x < high. */
export function randomIntegers(key: RandomKey, count: number, low: number, high: number): Int32Array {
  check(high > low, "randomIntegers", () => `low must be below high, got ${low} and ${high}`);
  return Int32Array.from(randomBits(key, count), (word) => low + Math.floor(word * 2 ** -32 * (high - low)));
}

/** The numbers 0 … count − 1 in random order, by Fisher and Yates' shuffle. */
export function permutation(key: RandomKey, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  const uniform = randomUniform(key, count);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((uniform[i] as number) * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** A mask for `dropout`: true with probability 1 − rate. */
export function dropoutMask(key: RandomKey, shape: readonly number[], rate: number): HostTensor {
  const words = randomBits(key, elementCount(shape));
  const data = new Uint8Array(words.length);
  const least = rate * 2 ** 32;
  for (let i = 0; i < data.length; i++) data[i] = Number((words[i] as number) >= least);
  return { shape, dtype: "bool", data };
}
