import { constant } from "../primitives/operations.js";
import type { CatalogueEntry } from "./catalogue-entry.js";
import { defineEncoding, type PositionEncoding } from "./encoding.js";
import { type RopeOptions, rope } from "./rope.js";

export interface DropeOptions {
  /** RoPE while the model is trained; nothing in its last steps, in which it gets used to that, and after. */
  readonly phase: "pretraining" | "recalibration";
  /** RoPE's own settings. Default: those of `rope`. */
  readonly rope?: RopeOptions;
  /** Factor on the scores once positions are dropped, for longer contexts. Default 1. */
  readonly temperature?: number;
}

/**
 * Dropped positions: a model is trained with RoPE, which is then taken away in all layers and followed by a short
 * recalibration at the old length; contexts can then be longer.
 *
 * s_ij = (R(i)q_i)·(R(j)k_j)/√d, then s_ij = τ·q_i·k_j/√d. Gelberg et al., arXiv:2512.12167, from the formula. A recipe: the weights of
 * the first phase are those of the second, which is NoPE to the bit.
 */
export function drope(options: DropeOptions): PositionEncoding<never> {
  const { phase, temperature = 1 } = options;
  const { settings, transform } = rope(options.rope);
  const dropped = temperature === 1 ? {} : { temperature: () => constant(temperature) };
  return defineEncoding({
    kind: "drope",
    settings: { phase, rope: settings, temperature },
    cache: "rotated-keys",
    ...(phase === "pretraining" ? { transform } : dropped),
  });
}

export const dropeEntry: CatalogueEntry = {
  name: "drope",
  aliases: ["dropped-rope"],
  summary: "RoPE in training, then none; here its second phase, for weights that were trained with RoPE",
  formula: "s_ij = (R(i)q_i)·(R(j)k_j)/√d in training, then τ·q_i·k_j/√d",
  tier: 3,
  paper: "arXiv:2512.12167",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => drope({ phase: "recalibration" }),
};
