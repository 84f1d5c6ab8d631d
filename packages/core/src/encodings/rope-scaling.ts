import { check } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Rotations } from "./angles.js";
import type { CacheClass } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";

/** What a rotary embedding is before it is scaled. */
export interface RotaryShape {
  /** Number of coordinates that turn. */
  readonly dimension: number;
  readonly base: number;
}

/** What positions are turned by. */
export interface ScaledFrequencies {
  /** Radians for each position, one for each pair. */
  readonly frequencies: Float64Array;
  /** Factor on cosines and sines: scores gain its square. */
  readonly attentionFactor: number;
}

/** Other frequencies for a rotary embedding. */
export interface RopeScaling {
  readonly kind: string;
  /** Everything that it was made with, as plain data. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * What this scaling asks the model to multiply its factor on q·k by, over all coordinates of a head; `rope` leaves that
   * to the model's `scale`. Default 1.
   */
  readonly softmaxFactor?: number;
  /** The rotation in sequences of a length. */
  scaled(shape: RotaryShape, length: number): ScaledFrequencies;
  /**
   * Cosines and sines, factor included, as graph, where they depend on the sequence's length: positions [S] or [B, S] and
   * lengths int32 [1] or [B, 1] → [..., S, r/2] each. Default: they do not.
   */
  rotations?(shape: RotaryShape, positions: Tensor, length: Tensor): Rotations;
  /**
   * What a cache holds. Default: raw keys where rotations depend on the length, so that all are turned alike. Rotated keys
   * keep the rotation of the length at which they came, as with Hugging Face's dynamic NTK.
   */
  readonly cache?: CacheClass;
}

/** A scaling whose rotation is the same for every length. */
export function fixedScaling(
  kind: string,
  settings: Readonly<Record<string, unknown>>,
  frequencies: (shape: RotaryShape) => Float64Array,
  attentionFactor = 1,
): RopeScaling {
  return { kind, settings, scaled: (shape) => ({ frequencies: frequencies(shape), attentionFactor }) };
}

/** Errors unless a scaling's factor is a number ≥ 1. */
export function checkFactor(name: string, factor: number): void {
  check(Number.isFinite(factor) && factor >= 1, name, () => `factor must be at least 1, got ${factor}`);
}

export interface LinearScalingOptions {
  /** s: target length over trained length. */
  readonly factor: number;
}

/**
 * Position interpolation: every position is divided by s, ω' = ω/s.
 *
 * Chen et al., arXiv:2306.15595. Agrees with HF's type "linear".
 */
export function linearScaling({ factor }: LinearScalingOptions): RopeScaling {
  checkFactor("linearScaling", factor);
  return fixedScaling("linear", { factor }, ({ dimension, base }) =>
    ropeFrequencies(dimension, base).map((frequency) => frequency / factor),
  );
}

/** θ' = θ·α^(r/(r − 2)): the base with which the slowest pair turns α times slower and the first as before. */
export function ntkBase({ dimension, base }: RotaryShape, alpha: number): number {
  return base * alpha ** (dimension / (dimension - 2));
}

/** Frequencies of the base θ·α^(r/(r − 2)): ω_m·α^(−2m/(r − 2)). One pair alone keeps its frequency 1. */
export function ntkFrequencies({ dimension, base }: RotaryShape, alpha: number): Float64Array {
  return ropeFrequencies(dimension, base).map((frequency, m) => {
    return m === 0 ? frequency : frequency * alpha ** ((-2 * m) / (dimension - 2));
  });
}

/**
 * NTK-aware scaling: a larger base, so that fast pairs hardly change and the slowest is interpolated by s.
 *
 * θ' = θ·s^(r/(r − 2)). bloc97, 2023; Peng et al., arXiv:2309.00071 §3.1. Agrees with jquesnelle/yarn.
 */
export function ntkAware({ factor }: LinearScalingOptions): RopeScaling {
  checkFactor("ntkAware", factor);
  return fixedScaling("ntk", { factor }, (shape) => ntkFrequencies(shape, factor));
}

export interface Llama3Options {
  /** What slow pairs are divided by. */
  readonly factor: number;
  /** L₀, the length before scaling. */
  readonly originalMaximum: number;
  /** Pairs with fewer turns than this in L₀ are slow. Default 1. */
  readonly lowFrequencyFactor?: number;
  /** Pairs with more turns than this in L₀ stay. Default 4. */
  readonly highFrequencyFactor?: number;
}

/**
 * Llama 3.1's scaling: fast pairs stay, slow ones are divided by s, those between are mixed by their turns in L₀.
 *
 * ω' = (1 − σ)·ω/s + σ·ω, σ = clamp((L₀·ω/2π − low)/(high − low), 0, 1). Agrees with HF's type "llama3".
 */
export function llama3(options: Llama3Options): RopeScaling {
  const { factor, originalMaximum, lowFrequencyFactor = 1, highFrequencyFactor = 4 } = options;
  checkFactor("llama3", factor);
  check(lowFrequencyFactor < highFrequencyFactor, "llama3", () => {
    return `low frequency factor must be below the high one, got ${lowFrequencyFactor} and ${highFrequencyFactor}`;
  });
  const settings = { factor, originalMaximum, lowFrequencyFactor, highFrequencyFactor };
  return fixedScaling("llama3", settings, ({ dimension, base }) =>
    ropeFrequencies(dimension, base).map((frequency) => {
      const turns = (originalMaximum * frequency) / (2 * Math.PI);
      const kept = Math.min(Math.max((turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor), 0), 1);
      return ((1 - kept) * frequency) / factor + kept * frequency;
    }),
  );
}

export interface ProportionalOptions {
  /** p: share of the pairs that turn, the fastest ones. Default 1. */
  readonly share?: number;
  /** What frequencies are divided by besides. Default 1. */
  readonly factor?: number;
}

/**
 * Proportional RoPE (p-RoPE): the fastest ⌊p·r/2⌋ pairs turn as ever, the others not at all.
 *
 * ω_m = θ^(−2m/r)/s for m < ⌊p·r/2⌋, else 0: the spectrum of the whole head, unlike partial RoPE. Barbero et al.,
 * arXiv:2410.06205. Agrees with HF's type "proportional" (Gemma 4), which adds the factor.
 */
export function proportional({ share = 1, factor = 1 }: ProportionalOptions = {}): RopeScaling {
  check(share >= 0 && share <= 1, "proportional", () => `share must be in [0, 1], got ${share}`);
  checkFactor("proportional", factor);
  return fixedScaling("proportional", { share, factor }, ({ dimension, base }) => {
    const turning = Math.trunc((share * dimension) / 2);
    return ropeFrequencies(dimension, base).map((frequency, m) => (m < turning ? frequency / factor : 0));
  });
}
