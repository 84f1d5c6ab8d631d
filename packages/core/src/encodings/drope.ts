import { constant } from "../primitives/operations.js";
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
