import { check } from "../errors.js";
import {
  add,
  cast,
  div,
  equal,
  log,
  maximum,
  minimum,
  mul,
  neg,
  reduceMax,
  reshape,
  square,
  sub,
  where,
} from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { overHeads, relativePositions } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { type RemappedRotaryOptions, rotarySettings, turning } from "./remapped-rotary.js";

export interface DualChunkOptions extends RemappedRotaryOptions {
  /** s: ¾ of the training length in the reference. */
  readonly chunk: number;
  /** w: an eighth of the training length in the reference; chunks are s − w long. */
  readonly window: number;
  /** Length past which scores are sharpened by (0.05·ln(L/length) + 1)², as YaRN does. Default: never. */
  readonly maximumPosition?: number | undefined;
}

/** s and w that ChunkLlama takes for a training length: ¾ and ⅛ of it. */
export function dualChunkSizes(trainLength: number): { readonly chunk: number; readonly window: number } {
  const chunk = Math.floor((trainLength * 3) / 4);
  return { chunk: Math.max(2, chunk), window: Math.max(1, Math.min(Math.floor(trainLength / 8), chunk - 1)) };
}

/** c = s − w, the stride of chunks. */
function strideOf({ chunk, window, maximumPosition }: DualChunkOptions): number {
  check(Number.isInteger(chunk) && Number.isInteger(window) && window >= 0 && window < chunk, "dualChunk", () => {
    return `chunk and window must be whole with 0 ≤ window < chunk, got ${chunk} and ${window}`;
  });
  check(maximumPosition === undefined || maximumPosition > 0, "dualChunk", () => {
    return `maximum position must be positive, got ${maximumPosition}`;
  });
  return chunk - window;
}

/**
 * The distance that a query i sees at a key j ≤ i: i − j within a chunk; min(i mod c + c, s) − j mod c in the chunk before;
 * min(2c − 1, s) − j mod c in earlier ones.
 */
export function dualChunkDistance(query: number, key: number, options: DualChunkOptions): number {
  const stride = strideOf(options);
  const chunks = Math.floor(query / stride) - Math.floor(key / stride);
  const at = [
    query % stride,
    Math.min((query % stride) + stride, options.chunk),
    Math.min(2 * stride - 1, options.chunk),
  ];
  return (at[Math.min(chunks, 2)] as number) - (key % stride);
}

/** ChunkLlama's factor on cosines and sines at a length: 0.05·ln(L/maximum) + 1 past the maximum, else 1. */
export function dualChunkScale(length: number, maximumPosition: number): number {
  return 0.05 * Math.log(Math.max(1, length / maximumPosition)) + 1;
}

/**
 * Dual chunk attention: keys turned by their place in their chunk, queries three times: for their own chunk, for the one
 * before and for all earlier ones. No distance exceeds s, without training.
 *
 * s_ij = (R(p)q_i)·(R(j mod c)k_j)/√d with p as in `dualChunkDistance`. Distances are query − key, as in the paper; only
 * keys j ≤ i are meant. An et al., arXiv:2402.17463. Agrees with ChunkLlama, which rounds the weights that join its three
 * softmaxes to bfloat16 and lets no gradient through them; here there is one exact softmax. The sharpening past
 * `maximumPosition` is the code's, not the paper's: it depends on the longest position so far, so that earlier rows change
 * as the sequence grows.
 */
export function dualChunk(options: DualChunkOptions): EncodingWith<"transform" | "scores"> {
  const { chunk, window, maximumPosition } = options;
  const stride = strideOf(options);
  const within = (positions: Tensor): Tensor => sub(positions, mul(div(positions, stride), stride));
  return defineEncoding({
    kind: "dual-chunk",
    settings: { ...rotarySettings(options), chunk, window, maximumPosition },
    cache: "rotated-keys",
    transform: ({ query, key, keyPositions }) => {
      return { query, key: turning(key.shape[3] as number, options).at(key, within(keyPositions)) };
    },
    scores: ({ query, key, queryPositions, keyPositions, products }) => {
      const turn = turning(query.shape[3] as number, options);
      const own = within(queryPositions);
      const same = products(turn.at(query, own), key);
      const previous = products(turn.at(query, minimum(add(own, stride), chunk)), key);
      const earlier = products(turn.by(query, Math.min(2 * stride - 1, chunk)), key);
      const chunks = neg(overHeads(relativePositions(div(queryPositions, stride), div(keyPositions, stride))));
      return where(equal(chunks, 0), same, where(equal(chunks, 1), previous, earlier));
    },
    ...(maximumPosition !== undefined && { temperature: ({ key }) => sharpening(key, maximumPosition) }),
  });
}

/** Both factors of `dualChunkScale`, the query's and the key's, by the last key's position: [1 or B, 1, 1, 1]. */
function sharpening(keyPositions: Tensor, maximumPosition: number): Tensor {
  const length = add(reduceMax(keyPositions, -1, { keepDims: true }), 1);
  const excess = maximum(div(cast(length, "float32"), maximumPosition), 1);
  const factors = square(add(mul(log(excess), 0.05), 1));
  return overHeads(reshape(factors, [...factors.shape, 1]));
}
