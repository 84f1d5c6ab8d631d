import type { LanguageModel } from "./language-model.js";
import { createSampler, type SamplingOptions } from "./sampling.js";
import { Session } from "./session.js";

export interface ContinueOptions extends SamplingOptions {
  readonly maxNewTokens: number;
  /** Tokens that end a text; they are not returned. Default: none. */
  readonly endTokens?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** Tokens that follow a prompt's: the likeliest every time where the temperature is 0. */
export async function continueTokens(
  model: LanguageModel,
  prompt: readonly number[],
  { maxNewTokens, endTokens = [], signal, ...sampling }: ContinueOptions,
): Promise<readonly number[]> {
  const sampler = createSampler(sampling, 0);
  const made: number[] = [];
  using session = new Session(model);
  for (let next = prompt; made.length < maxNewTokens; next = made.slice(-1)) {
    const chosen = await session.append([next], { choice: sampler.choice, signal });
    const token = sampler.take(chosen, session.rows[0] as readonly number[]);
    if (endTokens.includes(token)) break;
    made.push(token);
  }
  return made;
}
