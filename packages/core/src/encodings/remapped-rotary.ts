import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { constant, expand } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt, sumOfAngles } from "./angles.js";
import { type RopeOptions, scaledRopeFrequencies } from "./rope.js";
import { mapRotations, overBatch } from "./rotation.js";

/** The rotation of which a remap changes the positions; scalings are those that do not depend on the length. */
export type RemappedRotaryOptions = Omit<RopeOptions, "written" | "turned">;

/** The options as plain data. */
export function rotarySettings(options: RemappedRotaryOptions): Readonly<Record<string, unknown>> {
  const { base = 10_000, interleaved = false, share = 1, rotaryDimension, scaling } = options;
  const scaled = scaling && { scaling: { kind: scaling.kind, ...scaling.settings } };
  return { base, interleaved, share, rotaryDimension, ...scaled };
}

/** Turns queries or keys [B, H, S, D], for remaps that need several turns of the same vectors. */
interface Turning {
  /** By position·rate + offset; positions int32 [S] or [B, S]. */
  at(x: Tensor, positions: Tensor, change?: { readonly rate?: number; readonly offset?: number }): Tensor;
  /** By one distance, whatever the position. */
  by(x: Tensor, distance: number): Tensor;
}

/** Turns of heads of a size. Offsets and rates need not be whole: their angles are made on the host as well. */
export function turning(headSize: number, options: RemappedRotaryOptions): Turning {
  const { interleaved = false, scaling } = options;
  check(!scaling?.rotations, "remappedRotary", () => `scaling must not depend on the length, got ${scaling?.kind}`);
  const { frequencies, attentionFactor } = scaledRopeFrequencies(headSize, options, 0);
  const size = frequencies.length;
  const turnBy = (distance: number): Rotations => {
    const row = (f: (angle: number) => number): Tensor => {
      const values = frequencies.map((frequency) => attentionFactor * f(distance * frequency));
      return constant(exactTensor(values, [1, 1, size]));
    };
    return { cos: row(Math.cos), sin: row(Math.sin) };
  };
  return {
    at: (x, positions, { rate = 1, offset = 0 } = {}) => {
      const slowed = rate === 1 ? frequencies : frequencies.map((frequency) => frequency * rate);
      const plain = mapRotations(rotationsAt(positions, slowed), overBatch);
      const turned = offset === 0 && attentionFactor === 1 ? plain : sumOfAngles(plain, turnBy(offset));
      return rotaryEmbedding(x, turned.cos, turned.sin, { interleaved });
    },
    by: (x, distance) => {
      if (distance === 0 && attentionFactor === 1) return x;
      const { cos, sin } = mapRotations(turnBy(distance), (row) => expand(row, [1, x.shape[2] as Dim, size]));
      return rotaryEmbedding(x, cos, sin, { interleaved });
    },
  };
}

/**
 * Effective distances of every pair of the positions 0 … length − 1 with key j ≤ query i, 0 for later keys: [length,
 * length] in row-major order, a row for each query.
 */
export function distanceMatrix(length: number, distance: (query: number, key: number) => number): Float64Array {
  return Float64Array.from({ length: length ** 2 }, (_, index) => {
    const [query, key] = [Math.floor(index / length), index % length];
    return key <= query ? distance(query, key) : 0;
  });
}
