import { require } from "../compare/errors.js";
import type { ExtendSettings } from "./results.js";

/** What may be asked; every choice but the lengths has a default. */
export interface ExtendOptions {
  /** Lengths of the context in tokens. */
  readonly lengths: readonly number[];
  /** "none" and scalings as `parseRope` reads them. Default: none, and every way to the longest length. */
  readonly methods?: readonly string[] | undefined;
  /** Most tokens of the text that are read. Default: four times the longest length, and at least 2048. */
  readonly tokens?: number | undefined;
  /** Where passkeys stand, from 0 to 1. Default: 0, ¼, ½, ¾ and 1. */
  readonly depths?: readonly number[] | undefined;
  /** Passkeys at each depth. Default 2; 0 asks for none. */
  readonly keys?: number | undefined;
  readonly seed?: number | undefined;
}

/** What was asked, complete. */
export type CompleteExtendOptions = Pick<
  ExtendSettings,
  "lengths" | "tokens" | "depths" | "keys" | "seed" | "slidingShare"
>;

/** Completes and checks what was asked. Errors name the rule and the remedy. */
export function completeExtendOptions(options: ExtendOptions): CompleteExtendOptions {
  const lengths = [...new Set(options.lengths)].sort((a, b) => a - b);
  const longest = lengths.at(-1) ?? 0;
  require(lengths.length > 0 && lengths.every((length) => Number.isInteger(length) && length >= 4), () =>
    `lengths are whole numbers from 4, got ${options.lengths.join(", ") || "none"}`, () =>
    "for example 512, 1024, 2048");
  const { tokens = Math.max(4 * longest, 2048), keys = 2, seed = 0, depths = [0, 0.25, 0.5, 0.75, 1] } = options;
  require(Number.isInteger(tokens) && tokens >= longest, () =>
    `tokens are a whole number from the longest length of ${longest} on, got ${tokens}`, () => `try ${4 * longest}`);
  require(Number.isInteger(keys) && keys >= 0, () => `keys are a whole number from 0, got ${keys}`, () => "try 2");
  require(Number.isInteger(seed) && seed >= 0, () => `seed is a whole number from 0, got ${seed}`, () => "try 0");
  require(depths.length > 0 && depths.every((depth) => depth >= 0 && depth <= 1), () =>
    `depths are numbers from 0 to 1, got ${depths.join(", ") || "none"}`, () => "for example 0, 0.5, 1");
  return { lengths, tokens, keys, seed, depths: [...depths].sort((a, b) => a - b), slidingShare: 0.5 };
}
