import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { concat, neg, slice } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { rotationsAt } from "./angles.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { mapRotations, overBatch } from "./rotation.js";

export interface CounterRotationOptions {
  /** θ. Default 10000. */
  readonly base?: number;
  /** How many of the last coordinates turn. Default: all. */
  readonly rotaryDimension?: number;
  /** Pairs (2m, 2m + 1), or halves. Default `true`, as in DeepSeek-V4. */
  readonly interleaved?: boolean;
}

/**
 * Rotary embedding of values as well, undone at the query: what a query gets depends on how far away it was.
 *
 * s_ij = (R(i)q)·(R(j)k), o_i = R(−i)·Σ_j α_ij·R(j)v_j = Σ_j α_ij·R(j − i)v_j on the last coordinates. DeepSeek-V4, where
 * v is k and so has its rotation already; from the formula of transformers 5.18. Its compressed layers' YaRN is not here.
 */
export function counterRotation(options: CounterRotationOptions = {}): EncodingWith<"transform" | "values"> {
  const { base = 10_000, rotaryDimension, interleaved = true } = options;
  const turn = (x: Tensor, positions: Tensor, back = false): Tensor => {
    const size = x.shape.at(-1) as number;
    const turned = rotaryDimension ?? size;
    check(turned <= size, "counterRotation", () => `rotary dimension must be at most ${size}, got ${turned}`);
    const { cos, sin } = mapRotations(rotationsAt(positions, ropeFrequencies(turned, base)), overBatch);
    const last = rotaryEmbedding(slice(x, { 3: [size - turned, size] }), cos, back ? neg(sin) : sin, { interleaved });
    return turned === size ? last : concat([slice(x, { 3: [0, size - turned] }), last], 3);
  };
  return defineEncoding({
    kind: "counter-rotation",
    settings: { base, rotaryDimension, interleaved },
    cache: "rotated-keys",
    transform: ({ query, key, value, queryPositions, keyPositions }) => ({
      query: turn(query, queryPositions),
      key: turn(key, keyPositions),
      ...(value && { value: turn(value, keyPositions) }),
    }),
    values: ({ output, queryPositions }) => turn(output, queryPositions, true),
  });
}
