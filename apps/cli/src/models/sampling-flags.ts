import type { GenerateOptions } from "@relpos/pipelines";
import type { Flag } from "../commands/flags.js";
import { numberFrom, realNumber, wholeNumber } from "../commands/parsers.js";

const unlimited = Number.POSITIVE_INFINITY;

/** The options that say how text is made. */
export type SamplingFlags = Partial<
  Pick<GenerateOptions, "maxNewTokens" | "temperature" | "topK" | "topP" | "minP" | "repetitionPenalty" | "seed">
> & { readonly stop?: readonly string[] };

/** One text more after an option that may be given several times. */
export const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export const samplingFlags: readonly Flag[] = [
  {
    flags: "--max-new-tokens <number>",
    description: "tokens to add at most (default: the model's, or 256)",
    parse: wholeNumber("--max-new-tokens", 1),
  },
  {
    flags: "--temperature <number>",
    description: "scores are divided by it; 0 takes the likeliest token every time (default: the model's)",
    parse: numberFrom("--temperature", 0, unlimited, 0.8),
  },
  {
    flags: "--top-k <number>",
    description: "draw from the likeliest tokens only; 0 from all",
    parse: wholeNumber("--top-k", 0),
  },
  {
    flags: "--top-p <number>",
    description: "draw from the likeliest that together reach this probability",
    parse: realNumber("--top-p", 0, 1, 0.95),
  },
  {
    flags: "--min-p <number>",
    description: "draw from those at least this share as likely as the likeliest",
    parse: numberFrom("--min-p", 0, 1, 0.05),
  },
  {
    flags: "--repetition-penalty <number>",
    description: "above 1 makes tokens that occurred less likely",
    parse: realNumber("--repetition-penalty", 0, unlimited, 1.1),
  },
  {
    flags: "--stop <text>",
    description: "end before this text; may be given several times",
    parse: collected as (text: string) => readonly string[],
  },
  { flags: "--seed <number>", description: "of the draws (default: 0)", parse: wholeNumber("--seed", 0) },
];

/** What was asked for; what was not is left to the model's defaults. */
export function generateOptions(flags: SamplingFlags): GenerateOptions {
  const { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, stop, seed } = flags;
  const options = { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, stop, seed };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
