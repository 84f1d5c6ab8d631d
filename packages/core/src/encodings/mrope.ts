import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { mul } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { scaledRopeFrequencies } from "./rope.js";
import type { RopeScaling } from "./rope-scaling.js";
import { type AxisPair, axisRotations } from "./rotary-axes.js";
import { mapRotations } from "./rotation.js";

/** Numbers of pairs that follow time, height and width. */
export type MropeSections = readonly [time: number, height: number, width: number];

/** How the pairs of the three axes lie. */
export type MropeArrangement = keyof typeof arrangements;

export interface MropeOptions {
  /** θ. Default 1000000. */
  readonly base?: number;
  /** Pairs of each axis, r/2 together. Default: in the proportion of the models that have the arrangement. */
  readonly sections?: MropeSections;
  /**
   * Time, height and width one after another (Qwen2-VL, GLM-4V); by turns, with the time's rest last (Qwen3-VL); or
   * height and width by turns and then time (Ernie-4.5-VL). Default "contiguous".
   */
  readonly arrangement?: MropeArrangement;
  /** Pairs (2m, 2m + 1) as in GLM-4V and Ernie-4.5-VL, or halves as in Qwen. Default `false`. */
  readonly interleaved?: boolean;
  /** Share of the head's coordinates that turn, counted from the first. Default 1. */
  readonly share?: number;
  /** Other frequencies, for longer inputs, that do not depend on the length. Default: none. */
  readonly scaling?: RopeScaling | undefined;
}

/** Where each axis' pairs lie, and the share of pairs that height and width have each in published models. */
const arrangements = {
  contiguous: {
    spatial: 3 / 8,
    axisOf: (pair: number, [time, height]: MropeSections) => (pair < time ? 0 : pair < time + height ? 1 : 2),
  },
  interleaved: {
    spatial: 5 / 16,
    axisOf: (pair: number, sections: MropeSections) => (pair < 3 * (sections[pair % 3] as number) ? pair % 3 : 0),
  },
  alternating: {
    spatial: 11 / 32,
    axisOf: (pair: number, [, height, width]: MropeSections) => (pair < height + width ? 1 + (pair % 2) : 0),
  },
} as const;

/** The axis (0 time, 1 height, 2 width) that each pair follows. Errors where an arrangement cannot have the sections. */
export function mropeAxes(sections: MropeSections, arrangement: MropeArrangement = "contiguous"): readonly number[] {
  const pairs = sections.reduce((sum, count) => sum + count, 0);
  const axes = Array.from({ length: pairs }, (_, pair) => arrangements[arrangement].axisOf(pair, sections));
  const counts = sections.map((_, axis) => axes.filter((found) => found === axis).length);
  check(
    counts.every((count, axis) => count === sections[axis]),
    "mrope",
    () => {
      return `sections must fit the arrangement "${arrangement}", got ${sections}`;
    },
  );
  return axes;
}

/** Sections of `pairs` pairs in the proportion of the models that have the arrangement. */
export function mropeSections(pairs: number, arrangement: MropeArrangement = "contiguous"): MropeSections {
  const spatial = Math.floor(pairs * arrangements[arrangement].spatial);
  return [pairs - 2 * spatial, spatial, spatial];
}

/**
 * Multimodal rotary embedding: each pair of coordinates turns by the token's time, row or column.
 *
 * s_ij = Σ_m Re(q_m·k̄_m·e^(i·(p_i − p_j)[axis m]·ω_m)), ω_m = θ^(−2m/r). Positions are [3, B, S] (`mropePositions`);
 * positions [S] or [B, S] count on all axes, which is RoPE. Wang et al., arXiv:2409.12191. Agrees with Qwen2-VL
 * (contiguous) and Qwen3-VL (interleaved) of transformers; GLM-4V and Ernie-4.5-VL by their formulas, Ernie with each
 * pair at its natural frequency, to which its permuted table amounts. Qwen2.5-VL differs in positions only.
 */
export function mrope(options: MropeOptions = {}): EncodingWith<"transform"> {
  const { base = 1_000_000, sections, arrangement = "contiguous", interleaved = false, share = 1, scaling } = options;
  check(!scaling?.rotations, "mrope", () => `scaling must not depend on the length, got ${scaling?.kind}`);
  const pairsOf = (headSize: number) => {
    const { frequencies, attentionFactor } = scaledRopeFrequencies(headSize, { base, share, scaling }, 0);
    const axes = mropeAxes(sections ?? mropeSections(frequencies.length, arrangement), arrangement);
    check(axes.length === frequencies.length, "mrope", () => {
      return `sections must have ${frequencies.length} pairs together, got ${axes.length}`;
    });
    const pairs = axes.map((axis, m): AxisPair => ({ axis, frequency: frequencies[m] as number }));
    return { pairs, attentionFactor };
  };
  return defineEncoding({
    kind: "mrope",
    settings: {
      base,
      sections,
      arrangement,
      interleaved,
      share,
      ...(scaling && { scaling: { kind: scaling.kind, ...scaling.settings } }),
    },
    cache: "rotated-keys",
    transform: ({ query, key, queryPositions, keyPositions }) => {
      const { pairs, attentionFactor } = pairsOf(query.shape.at(-1) as number);
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const plain = axisRotations(positions, pairs);
        const { cos, sin } =
          attentionFactor === 1 ? plain : mapRotations(plain, (table) => mul(table, attentionFactor));
        return rotaryEmbedding(x, cos, sin, { interleaved });
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}
