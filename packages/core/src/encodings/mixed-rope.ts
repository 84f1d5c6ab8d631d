import { repeatHeads } from "../composites/attention.js";
import type { Initializer } from "../nn/parameters.js";
import { add, cast, mul, reshape, slice } from "../primitives/operations.js";
import { foldIn, randomUniform } from "../random/random.js";
import type { Dim } from "../tensor/dimension.js";
import { tensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { gridPositions } from "./axial-rope.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { rotationsOf, turnBy } from "./rotation.js";

export interface MixedRopeOptions {
  /** Tokens in a row of the grid. */
  readonly width: number;
  /** θ of the initial frequencies. Default 10. */
  readonly base?: number;
  /** Pairs (2m, 2m + 1), or (m, m + r/2). Default `true`, as in rope-vit. */
  readonly interleaved?: boolean;
}

/**
 * Initial frequencies [2, heads, D/2]: magnitudes θ^(−4m/D), the first half of the pairs in a random direction of each
 * head and the second half across it.
 */
function mixedFrequencies(base = 10): Initializer {
  return (key, shape) => {
    const [, heads, pairs] = shape as readonly [number, number, number];
    const directions = randomUniform(foldIn(key, "direction"), heads).map((x) => 2 * Math.PI * x);
    const along = Math.ceil(pairs / 2);
    const values = [Math.cos, Math.sin].flatMap((part) =>
      [...directions].flatMap((direction) =>
        Array.from({ length: pairs }, (_, pair) => {
          const across = pair < along ? 0 : 1;
          return base ** ((-2 * (pair - across * along)) / pairs) * part(direction + (across * Math.PI) / 2);
        }),
      ),
    );
    return tensor(values, shape);
  };
}

/**
 * Rotary embedding with trained frequencies for columns and rows together: pairs turn by x·ω_x + y·ω_y, by head.
 *
 * Heo et al., arXiv:2403.13298 (RoPE-Mixed). Agrees with `compute_mixed_cis` of rope-vit, whose frequencies
 * [2, depth, heads·D/2] are [2, heads, D/2] here, a set for each layer; a key head's serve all query heads of its group.
 */
export function mixedRope(options: MixedRopeOptions): EncodingWith<"transform" | "parameters", "frequencies"> {
  const { width, base = 10, interleaved = true } = options;
  return defineEncoding({
    kind: "mixed-rope",
    settings: { width, base, interleaved },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ kvHeads, headSize }) => ({
      frequencies: { shape: [2, kvHeads, Math.floor(headSize / 2)], initialize: mixedFrequencies(base), decay: false },
    }),
    transform: ({ parameters, query, key, queryPositions, keyPositions }) => {
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const angles = mixedAngles(gridPositions(positions, width), parameters.frequencies);
        const groups = (x.shape[1] as number) / (angles.shape[1] as number);
        return turnBy(x, rotationsOf(repeatHeads(angles, groups)), { interleaved });
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}

/** Angles of positions [2, B, S] by frequencies [2, H, m]: [B, H, S, m]. */
function mixedAngles(positions: Tensor, frequencies: Tensor): Tensor {
  const [, batch, length] = positions.shape as readonly [Dim, Dim, Dim];
  const [, heads, pairs] = frequencies.shape as readonly [Dim, Dim, Dim];
  const along = (axis: number): Tensor => {
    const coordinate = cast(reshape(slice(positions, { 0: [axis, axis + 1] }), [batch, 1, length, 1]), "float32");
    return mul(coordinate, reshape(slice(frequencies, { 0: [axis, axis + 1] }), [1, heads, 1, pairs]));
  };
  return add(along(0), along(1));
}
