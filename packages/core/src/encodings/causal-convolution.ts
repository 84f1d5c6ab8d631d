import { add, mul, pad, reshape, slice } from "../primitives/operations.js";
import { addDims, type Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * A short convolution of each channel over the tokens up to its own: Σ_n w_n·x[t − N + 1 + n], with zeros before the first
 * token. x [B, S, C], kernel [C, N] → [B, S, C].
 */
export function causalConvolution(x: Tensor, kernel: Tensor): Tensor {
  const [channels, taps] = kernel.shape as readonly [number, number];
  const padded = pad(x, { 1: [taps - 1, 0] });
  const terms = Array.from({ length: taps }, (_, tap) => {
    const late = slice(padded, { 1: [tap, addDims(x.shape[1] as Dim, tap)] });
    return mul(late, reshape(slice(kernel, { 1: [tap, tap + 1] }), [channels]));
  });
  return terms.reduce((sum, term) => add(sum, term));
}
