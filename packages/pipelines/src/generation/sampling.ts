import { check, foldIn, type HostTensor, randomKey, randomUniform } from "@relpos/core";
import type { Choice } from "./step-graph.js";

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

/**
 * Draws a row's tokens. A draw depends on the seed and the token's position alone, so that a text that goes on later gets the
 * tokens that it would have got.
 */
export interface Sampler {
  /** What it has to be told of the next token: no more than it needs. */
  readonly choice: Choice;
  /** The next token of a row, by what a session gave of that choice, and the row's tokens so far. */
  take(chosen: HostTensor, tokens: readonly number[], row?: number): number;
  /** The next token by the scores of all [V], given the row's tokens so far. */
  next(scores: Float32Array, tokens: readonly number[]): number;
}

/** So many of the likeliest are chosen where the scores are; of more the scores of all are asked for. */
const mostChosen = 64;

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
  const plain = repetitionPenalty === 1;
  const drawn = (candidates: Candidates, { length: position }: readonly number[]): number => {
    const [uniform] = randomUniform(foldIn(key, position), 1) as unknown as readonly [number];
    return draw(filtered(candidates, temperature, { topP, minP }), uniform);
  };
  const next = (given: Float32Array, tokens: readonly number[]): number => {
    const scores = plain ? given : penalized(given, tokens, repetitionPenalty);
    return certain ? likeliest(scores) : drawn(highestOf(scores, topK), tokens);
  };
  return {
    choice: !plain ? "scores" : certain ? "token" : topK > 0 && topK <= mostChosen ? { topK } : "scores",
    next,
    take: (chosen, tokens, row = 0) => {
      const [, ...shape] = chosen.shape;
      const size = shape.reduce((product, size) => product * size, 1);
      const own = (chosen.data as Float32Array).subarray(row * size, (row + 1) * size);
      if (shape.length === 0) return own[0] as number;
      if (shape.length === 1) return next(own, tokens);
      return drawn({ scores: own.subarray(0, size / 2), tokens: own.subarray(size / 2) }, tokens);
    },
  };
}

/** Tokens that may be drawn, likeliest first, of equally likely ones the first. */
interface Candidates {
  readonly scores: ArrayLike<number>;
  readonly tokens: ArrayLike<number>;
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
  { scores, tokens }: Candidates,
  temperature: number,
  { topP, minP }: Required<Pick<SamplingOptions, "topP" | "minP">>,
): readonly Candidate[] {
  const highest = scores[0] as number;
  const weights = Array.from(scores, (score) => (score === highest ? 1 : Math.exp((score - highest) / temperature)));
  const total = sum(weights);
  const nucleus = cumulative(weights).findIndex((reached) => reached >= topP * total);
  const count = topP < 1 && nucleus >= 0 ? nucleus + 1 : weights.length;
  const allowed = weights.slice(0, count).filter((weight) => weight >= minP * (weights[0] as number));
  const rest = sum(allowed);
  return allowed.map((weight, index) => ({ token: tokens[index] as number, probability: weight / rest }));
}

/** So many tokens with the highest scores, or all for 0. */
function highestOf(scores: Float32Array, count: number): Candidates {
  const all = [...scores.keys()];
  const threshold =
    count > 0 && count < scores.length
      ? (Float32Array.from(scores).sort().at(-count) as number)
      : Number.NEGATIVE_INFINITY;
  const above = all.filter((token) => (scores[token] as number) > threshold);
  const equal = all.filter((token) => scores[token] === threshold);
  const order = above.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const tokens = [...order, ...equal.slice(0, (count || scores.length) - above.length)];
  return { scores: tokens.map((token) => scores[token] as number), tokens };
}

function draw(candidates: readonly Candidate[], uniform: number): number {
  const place = cumulative(candidates.map(({ probability }) => probability)).findIndex((reached) => reached > uniform);
  const drawn = candidates.at(place);
  check(drawn, "sampling", () => "scores must be numbers, got NaN");
  return drawn.token;
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
