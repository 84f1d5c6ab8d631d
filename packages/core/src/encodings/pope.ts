import { softplus } from "../composites/activations.js";
import { uniformBetween, zeros } from "../nn/parameters.js";
import { concat, less, mul, stopGradient, where } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt, sumOfAngles } from "./angles.js";
import { overHeads } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { mapRotations, rotationsOf } from "./rotation.js";

export interface PopeOptions {
  /** θ. Default 10000. */
  readonly base?: number;
  /** δ at first: 0, or uniform between −2π and 0. Default "zero". */
  readonly initial?: keyof typeof initializers;
}

const initializers = { zero: zeros, uniform: uniformBetween(-2 * Math.PI, 0) } as const;

/** ω_m = θ^(−m/D) for m = 0 … D − 1: a frequency for every coordinate. */
export function popeFrequencies(headSize: number, base = 10_000): Float64Array {
  return Float64Array.from({ length: headSize }, (_, m) => base ** (-m / headSize));
}

/**
 * Polar position embedding: coordinates give magnitudes only, positions give the angles, so that content and position
 * do not mix.
 *
 * s_ij = Σ_m softplus(q_m)·softplus(k_m)·cos((i − j)·ω_m − δ_m), ω_m = θ^(−m/D), δ_m ∈ [−2π, 0] trained for each key
 * head. Queries and keys become twice as wide: [x·cos | x·sin]. Gopalakrishnan et al., arXiv:2509.10534, where δ has the
 * other sign; agrees with `PolarEmbedding` of x-transformers, which adds δ to the key's angle.
 */
export function pope(options: PopeOptions = {}): EncodingWith<"transform" | "parameters", "bias"> {
  const { base = 10_000, initial = "zero" } = options;
  return defineEncoding({
    kind: "pope",
    settings: { base, initial },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ kvHeads, headSize }) => ({
      bias: { shape: [kvHeads, 1, headSize], initialize: initializers[initial], decay: false },
    }),
    transform: ({ parameters, query, key, queryPositions, keyPositions }) => {
      const frequencies = popeFrequencies(query.shape.at(-1) as number, base);
      const at = (positions: Tensor): Rotations => mapRotations(rotationsAt(positions, frequencies), overHeads);
      const shift = clamped(parameters.bias, -2 * Math.PI, 0);
      return {
        query: polar(query, at(queryPositions)),
        key: polar(key, sumOfAngles(at(keyPositions), rotationsOf(shift))),
      };
    },
  });
}

/** [x·cos | x·sin] with x = softplus of the coordinates: [B, H, S, D] → [B, H, S, 2D]. */
function polar(x: Tensor, { cos, sin }: Rotations): Tensor {
  const magnitude = softplus(x);
  return concat([mul(magnitude, cos), mul(magnitude, sin)], 3);
}

/** x within bounds; on a bound itself the gradient still flows, so that δ = 0 can be trained. */
function clamped(x: Tensor, low: number, high: number): Tensor {
  const fixed = stopGradient(x);
  return where(less(fixed, low), low, where(less(high, fixed), high, x));
}
