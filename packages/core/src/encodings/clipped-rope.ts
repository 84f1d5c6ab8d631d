import { check } from "../errors.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { type PairLayout, turnPair } from "./rotation.js";

export interface ClippedRopeOptions extends PairLayout {
  /** θ. Default 10000. */
  readonly base?: number;
  /** How many of the slowest pairs are clipped. Default: 20 of 64, rounded. */
  readonly clipped?: number;
  /** Faded out by half a cosine, or stopped. Default "soft". */
  readonly form?: keyof typeof forms;
}

/** Factor on the frequency of the i-th of n clipped pairs. */
const forms = {
  soft: (i: number, n: number) => (1 + Math.cos((Math.PI * i) / Math.max(n - 1, 1))) / 2,
  hard: () => 0,
} as const;

/** RoPE's frequencies with the slowest `clipped` ones times ½(1 + cos πx), x = 0 … 1, or times 0. */
export function clippedFrequencies(headSize: number, options: ClippedRopeOptions = {}): Float64Array {
  const { base, form = "soft", clipped = Math.round((headSize / 2) * (20 / 64)) } = options;
  const frequencies = ropeFrequencies(headSize, base);
  const kept = frequencies.length - clipped;
  check(Number.isInteger(clipped) && clipped >= 0 && kept >= 0, "clippedRope", () => {
    return `clipped pairs must be at most ${frequencies.length}, got ${clipped}`;
  });
  return frequencies.map((frequency, m) => (m < kept ? frequency : frequency * forms[form](m - kept, clipped)));
}

/**
 * Clipped rotary embedding ("CoPE" of 2026, no relation to contextual positions): the slowest pairs are faded out.
 *
 * RoPE with the last n frequencies times ½(1 + cos(π·i/(n − 1))), n = 20 of 64. arXiv:2602.05258; the formula is that of
 * the authors' repository (`hrlics/CoPE`).
 */
export function clippedRope(options: ClippedRopeOptions = {}): EncodingWith<"transform"> {
  const { base = 10_000, clipped, form = "soft", interleaved = false } = options;
  return defineEncoding({
    kind: "clipped-rope",
    settings: { base, clipped, form, interleaved },
    cache: "rotated-keys",
    transform: (context) => {
      return turnPair(context, clippedFrequencies(context.query.shape.at(-1) as number, options), { interleaved });
    },
  });
}
