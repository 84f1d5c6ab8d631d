import { type RandomKey, randomUniform } from "@relpos/core";

/** Small random vectors, uniform in ±½/D, as word2vec begins with. */
export function randomTable(key: RandomKey, words: number, width: number): Float32Array {
  return Float32Array.from(randomUniform(key, words * width), (value) => (value - 0.5) / width);
}
