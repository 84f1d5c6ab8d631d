import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { constant, gather } from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { mapRotations, overBatch } from "./rotation.js";

export interface PixelRopeOptions {
  /** Sizes of the grid's axes, the slowest first. */
  readonly sizes: readonly number[];
  /** Frequencies run from π to π·half of it. Default 10. */
  readonly maximumFrequency?: number;
  /** Pairs of each axis. Default: as many as the head has. */
  readonly pairsPerAxis?: number;
}

/** `count` numbers from `first` to `last`; the first alone where there is one. */
function linearlySpaced(first: number, last: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? first : first + ((last - first) * i) / (count - 1)));
}

/**
 * Angles of every token of a grid [tokens, axes · pairs]: coordinates from −1 to 1 along each axis times frequencies
 * linearly spaced from π to π·maximum/2.
 */
export function pixelAngles(
  sizes: readonly number[],
  pairsPerAxis: number,
  maximumFrequency = 10,
): readonly (readonly number[])[] {
  const frequencies = linearlySpaced(1, maximumFrequency / 2, pairsPerAxis).map((f) => f * Math.PI);
  const axes = sizes.map((size) => linearlySpaced(-1, 1, size));
  const tokens = sizes.reduce((product, size) => product * size, 1);
  return Array.from({ length: tokens }, (_, token) => {
    let rest = token;
    const place = sizes.toReversed().map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    });
    return place.toReversed().flatMap((index, axis) => frequencies.map((f) => f * (axes[axis]?.[index] as number)));
  });
}

/**
 * Axial rotary embedding on pictures of any resolution: coordinates run from −1 to 1, frequencies are linearly spaced.
 *
 * Pairs of axis a turn by c_a·ω_m, c_a ∈ [−1, 1], ω_m = π·linspace(1, maximum/2); interleaved pairs, axes one after
 * another, further coordinates stay. No paper; agrees with `get_axial_freqs` of lucidrains' rotary-embedding-torch
 * (`freqs_for = "pixel"`). Positions are tokens of the grid, the last axis fastest; there are none beyond it.
 */
export function pixelRope(options: PixelRopeOptions): EncodingWith<"transform"> {
  const { sizes, maximumFrequency = 10, pairsPerAxis } = options;
  const tokens = sizes.reduce((product, size) => product * size, 1);
  return defineEncoding({
    kind: "pixel-rope",
    settings: { sizes, maximumFrequency, pairsPerAxis },
    cache: "rotated-keys",
    maximumPositions: tokens,
    transform: ({ query, key, queryPositions, keyPositions }) => {
      const pairs = pairsPerAxis ?? Math.floor((query.shape.at(-1) as number) / (2 * sizes.length));
      check(pairs > 0, "pixelRope", () => `head size must be at least ${2 * sizes.length}, got ${query.shape.at(-1)}`);
      const angles = pixelAngles(sizes, pairs, maximumFrequency).flat();
      const table = (f: (angle: number) => number): Tensor =>
        constant(exactTensor(angles.map(f), [tokens, pairs * sizes.length]));
      const tables = { cos: table(Math.cos), sin: table(Math.sin) };
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const { cos, sin } = mapRotations(tables, (rows) => overBatch(gather(rows, positions)));
        return rotaryEmbedding(x, cos, sin, { interleaved: true });
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}
