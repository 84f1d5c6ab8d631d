import { check } from "../errors.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { type PairLayout, turnPair } from "./rotation.js";

export interface HopeOptions extends PairLayout {
  /** L: pairs that do not turn once in it know no position. */
  readonly trainLength: number;
  /** θ. Default 10000. */
  readonly base?: number;
}

/** RoPE's frequencies where they are at least 2π/L, and the fastest in any case; 0 for the other pairs. */
export function hopeFrequencies(headSize: number, trainLength: number, base = 10_000): Float64Array {
  check(trainLength > 0, "hope", () => `trainLength must be positive, got ${trainLength}`);
  return ropeFrequencies(headSize, base).map((frequency, m) => {
    return m === 0 || frequency >= (2 * Math.PI) / trainLength ? frequency : 0;
  });
}

/**
 * High-frequency rotary embedding: only pairs that turn at least once in the training length turn at all, so that scores
 * do not fall with the distance.
 *
 * RoPE with ω_m = 0 where ω_m < 2π/L. Chen et al., arXiv:2410.21216 (the "HoPE" of 2024; two later papers use the name
 * for other methods). From the formula.
 */
export function hope(options: HopeOptions): EncodingWith<"transform"> {
  const { trainLength, base = 10_000, interleaved = false } = options;
  return defineEncoding({
    kind: "hope",
    settings: { trainLength, base, interleaved },
    cache: "rotated-keys",
    transform: (context) => {
      const frequencies = hopeFrequencies(context.query.shape.at(-1) as number, trainLength, base);
      return turnPair(context, frequencies, { interleaved });
    },
  });
}
