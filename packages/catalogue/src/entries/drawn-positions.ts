import type { HostTensor } from "@relpos/core";
import {
  alibi,
  type CapeOptions,
  type PositionEncoding,
  randomizedPositions,
  rope,
  roundedCapePositions,
  shiftedPositions,
  sinusoidal,
} from "@relpos/core/encodings";
import type { CatalogueEntry, CatalogueSettings, PositionDraw } from "../catalogue-entry.js";

/** How many positions there are to draw from: 2048 as Ruoss et al. have, or eight times what is trained at. */
const maximumOf = ({ trainLength }: CatalogueSettings): number => Math.max(2048, 8 * trainLength);

/** K, SHAPE's largest shift, as in the authors' configuration. */
const maximumShift = 500;

/** CAPE's bounds, chosen here and not from the paper: Δ is as long as what is trained at. */
const capeOptions = ({ trainLength }: CatalogueSettings): CapeOptions => {
  return { globalShift: trainLength, localShift: 0.5, scaling: 1.4 };
};

/** Positions at test time as in training. */
const drawRandomized = (settings: CatalogueSettings, { key, length }: PositionDraw): HostTensor => {
  return randomizedPositions(key, length, maximumOf(settings));
};

/** An encoding under a name of its own, with what its positions are drawn by among its settings. */
function named(kind: string, encoding: PositionEncoding, draws: Readonly<Record<string, unknown>>): PositionEncoding {
  return { ...encoding, kind, settings: { ...encoding.settings, ...draws } };
}

/** An encoding of positions that are drawn from `maximum`. */
function randomized(kind: string, encoding: PositionEncoding, maximum: number): PositionEncoding {
  return { ...named(kind, encoding, { maximum }), maximumPositions: maximum };
}

const ruoss = {
  paper: "arXiv:2305.16843",
  year: 2023,
  tier: 2,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  drawPositions: drawRandomized,
} as const;

/**
 * The authors draw once for a batch, in every layer anew; here each sequence has its own positions, the same in all layers.
 */
export const randomizedRopeEntry: CatalogueEntry = {
  ...ruoss,
  name: "randomized-rope",
  aliases: ["randomized", "noisy-rope"],
  summary: "rotary, with positions drawn in order from many more than there are tokens, also at test time",
  formula: "RoPE at p_1 < … < p_L, a uniform sample of 0 … M − 1",
  create: (settings) => randomized("randomized-rope", rope(), maximumOf(settings)),
};

/** The authors draw distances from 1 … M − 1 instead of positions, so that theirs depend on the distance alone. */
export const randomizedAlibiEntry: CatalogueEntry = {
  ...ruoss,
  name: "randomized-alibi",
  aliases: ["noisy-alibi"],
  summary: "linear biases, with positions drawn in order from many more than there are tokens",
  formula: "s_ij = q_i·k_j/√d − m_h·(p_i − p_j), p_1 < … < p_L a uniform sample of 0 … M − 1",
  create: (settings) => {
    return randomized("randomized-alibi", alibi({ symmetric: !settings.causal }), maximumOf(settings));
  },
};

const shifted = {
  year: 2021,
  tier: 3,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "formula",
} as const;

/** The authors' code draws from 0 … K − 1, also for each sequence, and shifts by K at test time. */
export const shapeEntry: CatalogueEntry = {
  ...shifted,
  name: "shape",
  aliases: ["shifted-sinusoidal"],
  summary: "sinusoids of positions that a random number shifts in training",
  formula: "x_t + P(t + k), k ~ U{0 … K} for each sequence in training, 0 at test time",
  paper: "arXiv:2109.05644",
  create: ({ embeddingDeviation }) => named("shape", sinusoidal({ scale: embeddingDeviation }), { maximumShift }),
  drawPositions: (_, { key, length, training }) => shiftedPositions(key, length, training ? maximumShift : 0),
};

/**
 * Positions are whole numbers here: where λ < 1 some neighbours share one, and of the paper's jitter is left what rounding
 * leaves.
 */
export const capeEntry: CatalogueEntry = {
  ...shifted,
  name: "cape",
  aliases: [],
  summary: "sinusoids of positions that are shifted, jittered and scaled in training, then rounded",
  formula: "x_t + P(round((t + Δ + ε_t)·λ)) in training, x_t + P(t) at test time",
  paper: "arXiv:2106.03143",
  create: (settings) => {
    return named("cape", sinusoidal({ scale: settings.embeddingDeviation }), { ...capeOptions(settings) });
  },
  drawPositions: (settings, { key, length, training }) => {
    return roundedCapePositions(key, length, training ? capeOptions(settings) : {});
  },
};
