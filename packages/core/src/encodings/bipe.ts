import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, div, gather, maximum, mul, sub } from "../primitives/operations.js";
import { type HostTensor, tensor, toNumbers } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { combine } from "./combine.js";
import { defineEncoding, type PositionEncoding } from "./encoding.js";
import { rope } from "./rope.js";

export interface BipeOptions {
  /** C: places within a segment; positions are segment·C + place. */
  readonly capacity: number;
  /** The encoding of segments: rope() or alibi() in the paper. Default: rope(). */
  readonly between?: PositionEncoding;
  /** Standard deviation of the initial table of places. Default 0.02. */
  readonly initialDeviation?: number;
}

/**
 * Positions of tokens as segment·C + place in the segment, where a separator is the last token of its segment: int32, of
 * the tokens' shape [S] or [B, S]. Places past C − 1 count as C − 1.
 */
export function bilevelPositions(tokens: HostTensor, separators: readonly number[], capacity: number): HostTensor {
  const length = tokens.shape.at(-1) as number;
  const ids = toNumbers(tokens);
  const packed = new Int32Array(ids.length);
  let [segment, place] = [0, 0];
  for (let i = 0; i < ids.length; i++) {
    if (i % length === 0) [segment, place] = [0, 0];
    packed[i] = segment * capacity + Math.min(place, capacity - 1);
    [segment, place] = separators.includes(ids[i] as number) ? [segment + 1, 0] : [segment, place + 1];
  }
  return tensor(packed, tokens.shape, "int32");
}

/**
 * Bilevel positions: a trained vector for the place within a segment, and a relative encoding of the segments.
 *
 * x_t + W[place_t], and R(segment)q, R(segment)k (or ALiBi on segments). He et al., arXiv:2401.16421. Positions are
 * `bilevelPositions` of the tokens, which follow `get_bilevel_ids` of zhenyuhe00/BiPE, separators "." and new line,
 * C = 1024; plain positions 0, 1, … mean segments of C tokens each.
 */
export function bipe(options: BipeOptions): PositionEncoding {
  const { capacity, between = rope(), initialDeviation = 0.02 } = options;
  check(Number.isInteger(capacity) && capacity > 0, "bipe", () => {
    return `capacity must be whole and positive, got ${capacity}`;
  });
  const segmentOf = (positions: Tensor): Tensor => div(maximum(positions, 0), capacity);
  const within = defineEncoding<"weight">({
    kind: "bipe",
    settings: {},
    cache: "rotated-keys",
    parameters: ({ width }) => ({
      weight: { shape: [capacity, width], initialize: normal(initialDeviation), decay: false },
    }),
    embed: ({ parameters, x, positions }) => {
      const place = sub(maximum(positions, 0), mul(segmentOf(positions), capacity));
      return add(x, gather(parameters.weight, place));
    },
    positions: ({ query, key }) => ({ query: segmentOf(query), key: segmentOf(key) }),
  });
  const inner = { kind: between.kind, settings: between.settings };
  return {
    ...combine(within as PositionEncoding, between),
    kind: "bipe",
    settings: { capacity, between: inner, initialDeviation },
  };
}
