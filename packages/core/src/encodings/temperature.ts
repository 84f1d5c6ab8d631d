import { check } from "../errors.js";
import { add, cast, div, floor, log, maximum, mul } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { asColumn } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

/** Positions as real numbers; those before the first, which padding may have, count as the first. */
const counted = (positions: Tensor): Tensor => cast(maximum(positions, 0), "float32");

function checkLength(name: string, length: number, least: number): void {
  check(Number.isFinite(length) && length >= least, name, () => `length must be at least ${least}, got ${length}`);
}

export interface LogTemperatureOptions {
  /** L: length that the model was trained at; queries up to it keep their scores. */
  readonly trainLength: number;
}

/** max(1, ln(i + 1)/ln L): log-n temperature of the query at position i. */
export function logTemperatureAt(position: number, { trainLength }: LogTemperatureOptions): number {
  return Math.max(1, Math.log(Math.max(position, 0) + 1) / Math.log(trainLength));
}

/**
 * Log-n temperature: scores of queries past the trained length grow with the logarithm of how many keys they see.
 *
 * s_ij·max(1, ln(i + 1)/ln L). Su, 2021 (kexue.fm 8823); Chiang and Cholak, arXiv:2202.12172. As in Qwen-1, ReRoPE and
 * Self-Extend. No parameters.
 */
export function logTemperature({ trainLength }: LogTemperatureOptions): EncodingWith<"temperature"> {
  checkLength("logTemperature", trainLength, 2);
  return defineEncoding({
    kind: "log-temperature",
    settings: { trainLength },
    cache: "rotated-keys",
    temperature: ({ query }) => {
      return asColumn(maximum(mul(log(add(counted(query), 1)), 1 / Math.log(trainLength)), 1));
    },
  });
}

export interface StepTemperatureOptions {
  /** β: weight of the logarithm. Default 0.1. */
  readonly weight?: number;
  /** L: number of positions in a step. Default: 8192 in Llama 4, 16384 in Ministral 3. */
  readonly length?: number;
}

/** What the two models count as the position: Llama 4 from 1, Ministral 3 from 0. */
const families = {
  llama4: { offset: 1, length: 8192 },
  ministral: { offset: 0, length: 16_384 },
} as const;
type Family = keyof typeof families;

function stepAt(family: Family, position: number, { weight = 0.1, length }: StepTemperatureOptions): number {
  const { offset, length: usual } = families[family];
  return 1 + weight * Math.log1p(Math.floor((Math.max(position, 0) + offset) / (length ?? usual)));
}

function stepTemperature(family: Family, options: StepTemperatureOptions): EncodingWith<"temperature"> {
  const { offset, length: usual } = families[family];
  const { weight = 0.1, length = usual } = options;
  checkLength(`${family}Temperature`, length, 1);
  return defineEncoding({
    kind: `${family}-temperature`,
    settings: { weight, length },
    cache: "rotated-keys",
    temperature: ({ query }) => {
      const steps = Number.isInteger(length)
        ? cast(div(add(maximum(query, 0), offset), length), "float32")
        : floor(div(add(counted(query), offset), length));
      return asColumn(add(mul(log(add(steps, 1)), weight), 1));
    },
  });
}

/** 1 + β·ln(1 + ⌊(i + 1)/L⌋): Llama 4's temperature of the query at position i. */
export function llama4TemperatureAt(position: number, options: StepTemperatureOptions = {}): number {
  return stepAt("llama4", position, options);
}

/**
 * Llama 4's temperature, for its layers without positions: scores grow by the logarithm of how many steps of 8192
 * positions the query is past.
 *
 * s_ij·(1 + β·ln(1 + ⌊(i + 1)/L⌋)). Meta, 2025. Agrees with HF's `Llama4TextAttention`, which multiplies q. No parameters.
 */
export function llama4Temperature(options: StepTemperatureOptions = {}): EncodingWith<"temperature"> {
  return stepTemperature("llama4", options);
}

/** 1 + β·ln(1 + ⌊i/L⌋): Ministral 3's temperature of the query at position i. */
export function ministralTemperatureAt(position: number, options: StepTemperatureOptions = {}): number {
  return stepAt("ministral", position, options);
}

/**
 * Ministral 3's temperature, beside its rotary embedding: as Llama 4's, with positions counted from 0.
 *
 * s_ij·(1 + β·ln(1 + ⌊i/L⌋)). Mistral AI, 2025. Agrees with HF's `get_llama_4_attn_scale` of Ministral 3. No parameters.
 */
export function ministralTemperature(options: StepTemperatureOptions = {}): EncodingWith<"temperature"> {
  return stepTemperature("ministral", options);
}
