import { check } from "../errors.js";
import {
  add,
  cast,
  constant,
  cos,
  div,
  exp,
  less,
  log,
  maximum,
  mul,
  reshape,
  sin,
  sub,
  where,
} from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt } from "./angles.js";
import { ropeFrequencies } from "./rope.js";
import { checkFactor, ntkFrequencies, type RopeScaling, type RotaryShape } from "./rope-scaling.js";
import { mapRotations } from "./rotation.js";

/** Lengths [1] or [B, 1] as [1, 1] or [B, 1, 1], to broadcast over positions and pairs. */
const overPairs = (length: Tensor): Tensor => reshape(length, [...length.shape, 1]);

/** The rotations of long sequences where the length is above a limit, else those of short ones. */
function rotationsAbove(limit: number, length: Tensor, short: Rotations, long: Rotations): Rotations {
  const isLong = less(constant(limit, "int32"), overPairs(length));
  return { cos: where(isLong, long.cos, short.cos), sin: where(isLong, long.sin, short.sin) };
}

export interface DynamicNtkOptions {
  /** s. Default 1: the slowest pair turns as far at any length as it did at L₀. */
  readonly factor?: number;
  /** L₀, the length up to which nothing changes. */
  readonly originalMaximum: number;
}

/**
 * Dynamic NTK scaling: the base grows with the sequence, so that short inputs see the model as it was trained.
 *
 * θ' = θ·α^(r/(r − 2)), α = s·L/L₀ − (s − 1), 1 for L ≤ L₀. emozilla, 2023; s = 1 in Peng et al., arXiv:2309.00071 §3.3.
 * Agrees with HF's type "dynamic".
 *
 * L is the largest key position and one more, for each row of positions; HF takes the largest of the batch, and keeps a
 * longer sequence's base until a batch is within L₀ again. Keys turned at another length are stale, so a cache holds raw
 * keys. Where the length is not known before a run, frequencies past L₀ are rounded as the backend computes them (HF's are
 * too), which is as if the base differed in its sixth place; their angles are then exact at any position.
 */
export function dynamicNtk({ factor = 1, originalMaximum }: DynamicNtkOptions): RopeScaling {
  checkFactor("dynamicNtk", factor);
  check(Number.isInteger(originalMaximum) && originalMaximum > 0, "dynamicNtk", () => {
    return `original maximum must be whole and positive, got ${originalMaximum}`;
  });
  return {
    kind: "dynamic",
    settings: { factor, originalMaximum },
    scaled: (shape, length) => {
      const alpha = 1 + (factor * Math.max(length - originalMaximum, 0)) / originalMaximum;
      return { frequencies: ntkFrequencies(shape, alpha), attentionFactor: 1 };
    },
    rotations: (shape, positions, length) => {
      const beyond = cast(maximum(sub(overPairs(length), originalMaximum), 0), "float32");
      const alpha = mul(beyond, factor / originalMaximum).add(1);
      const plain = rotationsAt(positions, ropeFrequencies(shape.dimension, shape.base));
      return rotationsAbove(originalMaximum, length, plain, slowedRotations(shape, positions, alpha));
    },
  };
}

/** Cosines and sines of p·ω_m·α^(−2m/(r − 2)), α [1 or B, 1, 1]. */
function slowedRotations({ dimension, base }: RotaryShape, positions: Tensor, alpha: Tensor): Rotations {
  const pairs = dimension / 2;
  const exponents = Float64Array.from({ length: pairs }, (_, m) => (m === 0 ? 0 : (-2 * m) / (dimension - 2)));
  const turns = ropeFrequencies(dimension, base).map((frequency) => frequency / (2 * Math.PI));
  const slowing = exp(mul(log(alpha), constant(exactTensor(exponents, [pairs]))));
  const angle = mul(partialTurns(positions, mul(slowing, constant(exactTensor(turns, [pairs])))), 2 * Math.PI);
  return { cos: cos(angle), sin: sin(angle) };
}

/**
 * Positions times turns for each position, less whole turns, without rounding on the way: turns below ¼ are taken apart
 * into steps of 2⁻¹², steps of 2⁻²² and the rest, so that products with positions |p| < 2²⁰ fit int32.
 */
function partialTurns(positions: Tensor, turns: Tensor): Tensor {
  const at = reshape(positions, [...positions.shape, 1]);
  const [coarse, fine] = [2 ** 12, 2 ** 22] as const;
  const real = (x: Tensor): Tensor => cast(x, "float32");
  const coarseSteps = cast(mul(turns, coarse), "int32");
  const left = sub(turns, mul(real(coarseSteps), 1 / coarse));
  const fineSteps = cast(mul(left, fine), "int32");
  const rest = sub(left, mul(real(fineSteps), 1 / fine));
  const fraction = (steps: Tensor, ofTurn: number): Tensor => {
    const all = mul(at, steps);
    return mul(real(sub(all, mul(div(all, ofTurn), ofTurn))), 1 / ofTurn);
  };
  return add(add(fraction(coarseSteps, coarse), fraction(fineSteps, fine)), mul(real(at), rest));
}

export interface LongRopeOptions {
  /** λ_m for sequences up to L₀, one for each pair. Default: all 1, as in Microsoft's own code. */
  readonly shortFactors?: readonly number[] | undefined;
  /** λ_m for longer sequences, one for each pair; "ntk" for s^(2m/(r − 2)), where the paper's search begins among others. */
  readonly longFactors: readonly number[] | "ntk";
  /** s: target length over trained length. */
  readonly factor: number;
  /** L₀, the length above which the long factors hold. */
  readonly originalMaximum: number;
  /** Factor on cosines and sines. Default: √(1 + ln s/ln L₀). */
  readonly attentionFactor?: number | undefined;
}

/**
 * LongRoPE: each pair is slowed by a factor of its own, found by search; one set up to L₀ and one above.
 *
 * ω'_m = ω_m/λ_m; cosines and sines are multiplied by √(1 + ln s/ln L₀) in either mode. Ding et al., arXiv:2402.13753.
 * Agrees with HF's type "longrope" (Phi-3, whose older configurations call it "su"). The paper's first n̂ tokens are
 * slowed as the others, as in HF.
 *
 * The length is the largest key position and one more, for each row of positions; HF switches the whole batch. A cache
 * holds raw keys, so that crossing L₀ turns all of them anew.
 */
export function longRope(options: LongRopeOptions): RopeScaling {
  const { shortFactors, longFactors, factor, originalMaximum } = options;
  checkFactor("longRope", factor);
  check(originalMaximum > 1, "longRope", () => `original maximum must be above 1, got ${originalMaximum}`);
  const attentionFactor = options.attentionFactor ?? Math.sqrt(1 + Math.log(factor) / Math.log(originalMaximum));
  const slowed = (shape: RotaryShape, factors: readonly number[] | "ntk" | undefined): Float64Array => {
    if (factors === "ntk") return ntkFrequencies(shape, factor);
    const plain = ropeFrequencies(shape.dimension, shape.base);
    check(factors === undefined || factors.length === plain.length, "longRope", () => {
      return `factors must be one for each of ${plain.length} pairs, got ${factors?.length}`;
    });
    return factors ? plain.map((frequency, m) => frequency / (factors[m] as number)) : plain;
  };
  const factorsAt = (length: number) => (length > originalMaximum ? longFactors : shortFactors);
  return {
    kind: "longrope",
    settings: {
      factor,
      originalMaximum,
      longFactors,
      ...(shortFactors && { shortFactors }),
      ...(options.attentionFactor !== undefined && { attentionFactor }),
    },
    scaled: (shape, length) => ({ frequencies: slowed(shape, factorsAt(length)), attentionFactor }),
    rotations: (shape, positions, length) => {
      const [short, long] = [shortFactors, longFactors].map((factors) => {
        return rotationsAt(positions, slowed(shape, factors));
      }) as [Rotations, Rotations];
      const tables = rotationsAbove(originalMaximum, length, short, long);
      return mapRotations(tables, (table) => mul(table, attentionFactor));
    },
  };
}
