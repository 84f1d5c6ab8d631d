import { check } from "../errors.js";
import { ropeFrequencies } from "./rope.js";
import { checkFactor, fixedScaling, ntkFrequencies, type RopeScaling, type RotaryShape } from "./rope-scaling.js";

/** The pairs between which frequencies change over, as indices that need not be whole. */
export interface PairRange {
  readonly low: number;
  readonly high: number;
}

interface TurnRange {
  /** L₀, the length before scaling. */
  readonly originalMaximum: number;
  /** Rotations in L₀ from which on a pair is fast. */
  readonly fast: number;
  /** Rotations in L₀ up to which a pair is slow. */
  readonly slow: number;
  /** Whether the range is widened to whole pairs. */
  readonly truncate?: boolean;
}

/**
 * Pairs with `fast` and with `slow` turns in L₀: r·ln(L₀/(2π·turns))/(2·ln θ), rounded outwards and kept within [0, r − 1].
 *
 * Bounded by r − 1 as in the authors' code, although there are r/2 pairs. Where L₀ is so short that even the first pair is
 * slow, the range is empty; the authors' has its ends swapped there.
 */
export function pairRange({ dimension, base }: RotaryShape, range: TurnRange): PairRange {
  const { originalMaximum, fast, slow, truncate = true } = range;
  const pairWith = (turns: number): number => {
    return (dimension * Math.log(originalMaximum / (2 * Math.PI * turns))) / (2 * Math.log(base));
  };
  const [first, last] = [pairWith(fast), pairWith(slow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, dimension - 1);
  return { low, high: Math.max(low, high) };
}

/** How far each pair is in a range: 0 up to `low`, 1 from `high` on, and linear between them. */
function ramp({ low, high }: PairRange, pairs: number): Float64Array {
  const width = high === low ? 0.001 : high - low;
  return Float64Array.from({ length: pairs }, (_, m) => Math.min(Math.max((m - low) / width, 0), 1));
}

const mix = (fast: Float64Array, slow: Float64Array, share: Float64Array): Float64Array =>
  fast.map((frequency, m) => frequency * (1 - (share[m] as number)) + (slow[m] as number) * (share[m] as number));

export interface NtkByPartsOptions {
  /** s: target length over trained length. */
  readonly factor: number;
  /** L₀, the length before scaling. Default 2048, LLaMA's. */
  readonly originalMaximum?: number;
}

/**
 * NTK-by-parts: slow pairs are interpolated, middle ones turn as with an NTK-aware base, fast ones stay.
 *
 * Two ramps over pairs, at 0.75–1.25 and at 2–16 turns in L₀. bloc97, 2023. Agrees with jquesnelle/yarn; the paper's §3.2
 * (arXiv:2309.00071) has one ramp and no NTK part.
 */
export function ntkByParts({ factor, originalMaximum = 2048 }: NtkByPartsOptions): RopeScaling {
  checkFactor("ntkByParts", factor);
  return fixedScaling("ntk-by-parts", { factor, originalMaximum }, (shape) => {
    const plain = ropeFrequencies(shape.dimension, shape.base);
    const between = (fast: number, slow: number) => {
      return ramp(pairRange(shape, { originalMaximum, fast, slow }), plain.length);
    };
    const linear = plain.map((frequency) => frequency / factor);
    const slower = mix(ntkFrequencies(shape, factor), linear, between(1.25, 0.75));
    return mix(plain, slower, between(16, 2));
  });
}

export interface YarnOptions {
  /** s: target length over trained length. */
  readonly factor: number;
  /** L₀, the length before scaling. */
  readonly originalMaximum: number;
  /** Rotations in L₀ from which on a pair keeps its frequency. Default 32. */
  readonly betaFast?: number;
  /** Rotations in L₀ up to which a pair is interpolated. Default 1. */
  readonly betaSlow?: number;
  /** Whether the ramp begins and ends at whole pairs. Default `true`; gpt-oss has `false`. */
  readonly truncate?: boolean;
  /** Factor on cosines and sines. Default: from `mscale` and `mscaleAllDimensions`, else 0.1·ln s + 1. */
  readonly attentionFactor?: number | undefined;
  /** DeepSeek's weights of ln s, for the turned coordinates and for all. Default: neither. */
  readonly mscale?: number | undefined;
  readonly mscaleAllDimensions?: number | undefined;
}

/** g(s, m) = 0.1·m·ln s + 1; 1 for s ≤ 1. */
export function yarnTemperature(factor: number, weight = 1): number {
  return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
}

/**
 * YaRN: fast pairs stay, slow ones are interpolated, a ramp over pairs lies between, and scores are sharpened.
 *
 * ω'_m = (1 − γ_m)·ω_m + γ_m·ω_m/s; cosines and sines are multiplied by 0.1·ln s + 1. Peng et al., arXiv:2309.00071.
 * Agrees with HF's type "yarn" and jquesnelle/yarn. The paper ramps over turns, both references over the index of the
 * pair. With `mscale` and `mscaleAllDimensions` the factor is g(s, mscale)/g(s, all), and `softmaxFactor` g(s, all)²
 * belongs to the model's scale, as in DeepSeek-V2 and V3.
 */
export function yarn(options: YarnOptions): RopeScaling {
  const { factor, originalMaximum, betaFast = 32, betaSlow = 1, truncate = true } = options;
  const { mscale, mscaleAllDimensions } = options;
  checkFactor("yarn", factor);
  check(originalMaximum > 0, "yarn", () => `original maximum must be positive, got ${originalMaximum}`);
  const both = mscale && mscaleAllDimensions;
  const attentionFactor =
    options.attentionFactor ??
    (both ? yarnTemperature(factor, mscale) / yarnTemperature(factor, mscaleAllDimensions) : yarnTemperature(factor));
  const settings = { factor, originalMaximum, betaFast, betaSlow, truncate };
  const given = Object.entries({ attentionFactor: options.attentionFactor, mscale, mscaleAllDimensions });
  const scaling = fixedScaling(
    "yarn",
    { ...settings, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) },
    (shape) => {
      const plain = ropeFrequencies(shape.dimension, shape.base);
      const range = pairRange(shape, { originalMaximum, fast: betaFast, slow: betaSlow, truncate });
      return mix(
        plain,
        plain.map((frequency) => frequency / factor),
        ramp(range, plain.length),
      );
    },
    attentionFactor,
  );
  return { ...scaling, softmaxFactor: mscaleAllDimensions ? yarnTemperature(factor, mscaleAllDimensions) ** 2 : 1 };
}
