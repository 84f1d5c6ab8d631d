import { RelposError } from "@relpos/core";
import { ruleOf } from "../compare/errors.js";
import { type Passkey, type PromptTokenizer, passkeyPrompt } from "./passkey-prompt.js";
import type { MethodAtLength, PasskeyResults } from "./results.js";
import type { Scorer } from "./scorer.js";
import type { CompleteExtendOptions } from "./settings.js";

/** Groups of positions of the longest window. */
const groups = 32;

/** What is read at one length. */
export interface LengthWork {
  /** Begin and end of each window, and the first token that it scores. */
  readonly windows: readonly (readonly [begin: number, end: number, scored: number])[];
  /** One for each depth and key; none where they cannot be asked for. */
  readonly passkeys: readonly { readonly depth: number; readonly passkey: Passkey }[] | string;
}

/** The windows and passkeys of a length. */
export function workAt(length: number, options: CompleteExtendOptions, tokenizer: PromptTokenizer): LengthWork {
  const stride = Math.max(1, Math.floor(length * options.slidingShare));
  const windows: [number, number, number][] = [];
  for (let begin = 0, scored = 1; scored < options.tokens; begin += stride) {
    const end = Math.min(begin + length, options.tokens);
    windows.push([begin, end, scored]);
    scored = end;
  }
  return { windows, passkeys: options.keys === 0 ? "none was asked for" : passkeysAt(length, options, tokenizer) };
}

function passkeysAt(
  length: number,
  options: CompleteExtendOptions,
  tokenizer: PromptTokenizer,
): LengthWork["passkeys"] {
  const { depths, keys, seed } = options;
  try {
    return depths.flatMap((depth) =>
      Array.from({ length: keys }, (_, index) => ({
        depth,
        passkey: passkeyPrompt(tokenizer, { length, depth, seed, index }),
      })),
    );
  } catch (error) {
    if (!(error instanceof RelposError)) throw error;
    return ruleOf(error);
  }
}

export interface MeasureContext {
  readonly scorer: Scorer;
  /** The text's. */
  readonly tokens: readonly number[];
  readonly options: CompleteExtendOptions;
  readonly signal?: AbortSignal | undefined;
  /** Called after each window and passkey with the number of its tokens. */
  readonly onTokens?: ((count: number) => void) | undefined;
}

/** Measures one method at one length. */
export async function measureLength(
  length: number,
  { windows, passkeys }: LengthWork,
  context: MeasureContext,
): Promise<MethodAtLength> {
  const { scorer, tokens, options, signal, onTokens } = context;
  const begun = performance.now();
  const positionsPerGroup = Math.max(1, Math.ceil((options.lengths.at(-1) as number) / groups));
  const sums = new Float64Array(Math.ceil((length - 1) / positionsPerGroup));
  const counts = new Float64Array(sums.length);
  let nats = 0;
  for (const [begin, end, scored] of windows) {
    signal?.throwIfAborted();
    const scores = (await scorer.score(tokens.slice(begin, end), signal)).nats;
    for (let at = 0; at < scores.length; at++) {
      const group = Math.floor(at / positionsPerGroup);
      sums[group] = (sums[group] as number) + (scores[at] as number);
      counts[group] = (counts[group] as number) + 1;
      if (begin + at + 1 >= scored) nats += scores[at] as number;
    }
    onTokens?.(end - begin);
  }
  const scored = options.tokens - 1;
  return {
    length,
    sliding: { perplexity: Math.exp(nats / scored), nats: nats / scored, tokens: scored, windows: windows.length },
    natsByPosition: Array.from(sums, (sum, group) => sum / (counts[group] as number)),
    positionsPerGroup,
    passkey: typeof passkeys === "string" ? { possible: false, reason: passkeys } : await askAll(passkeys, context),
    milliseconds: performance.now() - begun,
  };
}

async function askAll(
  passkeys: Exclude<LengthWork["passkeys"], string>,
  { scorer, options, signal, onTokens }: MeasureContext,
): Promise<PasskeyResults> {
  const answers: { readonly depth: number; readonly found: boolean; readonly nats: number }[] = [];
  for (const { depth, passkey } of passkeys) {
    signal?.throwIfAborted();
    const { nats, likeliest } = await scorer.score(passkey.tokens, signal);
    const places = Array.from({ length: passkey.answer }, (_, index) => nats.length - passkey.answer + index);
    answers.push({
      depth,
      found: places.every((place) => likeliest[place] === 1),
      nats: mean(places.map((place) => nats[place] as number)),
    });
    onTokens?.(passkey.tokens.length);
  }
  const at = options.depths.map((depth) => answers.filter((answer) => answer.depth === depth));
  return {
    possible: true,
    found: at.map((own) => mean(own.map(({ found }) => (found ? 1 : 0)))),
    nats: at.map((own) => mean(own.map((answer) => answer.nats))),
  };
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
