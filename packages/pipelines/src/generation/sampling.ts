import { check, foldIn, randomKey, randomUniform } from "@relpos/core";

/** How the next token is drawn, by the names of transformers. */
export interface SamplingOptions {
  /** Scores are divided by it; 0 takes the likeliest token. Default 1. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens. Default 50; 0 for all. */
  readonly topK?: number;
  /** Only the likeliest tokens that together reach this probability. Default 1: all. Holtzman et al., arXiv:1904.09751. */
  readonly topP?: number;
  /** Only tokens at least this share as likely as the likeliest. Default 0: all. Nguyen et al., arXiv:2407.01082. */
  readonly minP?: number;
  /** Scores of tokens that occurred are divided by it where positive, multiplied where not. Default 1. Keskar et al., arXiv:1909.05858. */
  readonly repetitionPenalty?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Draws a row's tokens one after another. */
export interface Sampler {
  /** Whether the likeliest token is all that it needs. */
  readonly greedy: boolean;
  /** A token by the scores of all [V], given the row's tokens so far. */
  next(scores: Float32Array, tokens: readonly number[]): number;
}

const ranges: readonly (readonly [keyof SamplingOptions, string, (value: number) => boolean])[] = [
  ["temperature", "finite and not negative", (value) => Number.isFinite(value) && value >= 0],
  ["topK", "whole and not negative", (value) => Number.isInteger(value) && value >= 0],
  ["topP", "above 0 and at most 1", (value) => value > 0 && value <= 1],
  ["minP", "from 0 to 1", (value) => value >= 0 && value <= 1],
  ["repetitionPenalty", "positive", (value) => value > 0],
  ["seed", "whole", (value) => Number.isInteger(value)],
];

/**
 * A sampler: repetition penalty, temperature, then the filters topK, topP and minP in this order, then a draw; the same
 * tokens for the same seed on every backend. `stream` tells rows of a batch apart.
 */
export function createSampler(options: SamplingOptions = {}, stream = 0): Sampler {
  for (const [name, rule, holds] of ranges) {
    const value = options[name];
    check(value === undefined || holds(value), "sampling", () => `${name} must be ${rule}, got ${value}`);
  }
  const { temperature = 1, topK = 50, topP = 1, minP = 0, repetitionPenalty = 1, seed = 0 } = options;
  const key = foldIn(randomKey(seed), stream);
  const certain = temperature === 0 || topK === 1;
  let drawn = 0;
  return {
    greedy: certain && repetitionPenalty === 1,
    next: (given, tokens) => {
      const scores = repetitionPenalty === 1 ? given : penalized(given, tokens, repetitionPenalty);
      if (certain) return likeliest(scores);
      const candidates = filtered(scores, temperature, { topK, topP, minP });
      const [uniform] = randomUniform(foldIn(key, drawn++), 1) as unknown as readonly [number];
      return draw(candidates, uniform);
    },
  };
}

interface Candidate {
  readonly token: number;
  readonly probability: number;
}

function penalized(scores: Float32Array, tokens: readonly number[], penalty: number): Float32Array {
  const own = scores.slice();
  for (const token of new Set(tokens)) {
    const score = own[token] as number;
    own[token] = score > 0 ? score / penalty : score * penalty;
  }
  return own;
}

function likeliest(scores: Float32Array): number {
  let best = 0;
  for (let token = 1; token < scores.length; token++) {
    if ((scores[token] as number) > (scores[best] as number)) best = token;
  }
  return best;
}

/** The tokens that may be drawn, likeliest first, with probabilities that sum to 1. */
function filtered(
  scores: Float32Array,
  temperature: number,
  { topK, topP, minP }: Required<Pick<SamplingOptions, "topK" | "topP" | "minP">>,
): readonly Candidate[] {
  const highest = scores[likeliest(scores)] as number;
  const kept = topK > 0 && topK < scores.length ? highestOf(scores, topK) : [...scores.keys()];
  const order = kept.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const weights = order.map((token) => Math.exp(((scores[token] as number) - highest) / temperature));
  const total = sum(weights);
  const nucleus = cumulative(weights).findIndex((reached) => reached >= topP * total);
  const count = topP < 1 && nucleus >= 0 ? nucleus + 1 : weights.length;
  const allowed = weights.slice(0, count).filter((weight) => weight >= minP * (weights[0] as number));
  const rest = sum(allowed);
  return allowed.map((weight, index) => ({ token: order[index] as number, probability: weight / rest }));
}

/** Indices of the so many highest scores, in no order; of equal ones those that come first. */
function highestOf(scores: Float32Array, count: number): number[] {
  const threshold = Float32Array.from(scores).sort().at(-count) as number;
  const above = [...scores.keys()].filter((token) => (scores[token] as number) > threshold);
  const equal = [...scores.keys()].filter((token) => scores[token] === threshold);
  return [...above, ...equal.slice(0, count - above.length)];
}

function draw(candidates: readonly Candidate[], uniform: number): number {
  const place = cumulative(candidates.map(({ probability }) => probability)).findIndex((reached) => reached > uniform);
  return (candidates.at(place) as Candidate).token;
}

/** The sums of the first, the first two, … */
function cumulative(values: readonly number[]): readonly number[] {
  let total = 0;
  return values.map((value) => {
    total += value;
    return total;
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
