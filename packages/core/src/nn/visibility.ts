import { overHeads, relativePositions } from "../encodings/distance.js";
import { check } from "../errors.js";
import { abs, div, equal, less } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Which keys a query may see by their positions, besides what is causal or padding: query positions [Q] or [B, Q] and key
 * positions [K] or [B, K] → bool, broadcasts to [B, H, Q, K].
 */
export type Visibility = (query: Tensor, key: Tensor) => Tensor;

const checkSize = (name: string, size: number): void => {
  check(Number.isInteger(size) && size > 0, name, () => `size must be whole and positive, got ${size}`);
};

/** Keys up to `distance` positions away on either side: ModernBERT's local layers have `local_attention` / 2. */
export function within(distance: number): Visibility {
  checkSize("within", distance);
  return (query, key) => overHeads(less(abs(relativePositions(query, key)), distance + 1));
}

/** Keys of the same chunk of `size` positions: Llama 4's `attention_chunk_size`. */
export function withinChunk(size: number): Visibility {
  checkSize("withinChunk", size);
  return (query, key) => overHeads(equal(relativePositions(div(query, size), div(key, size)), 0));
}
