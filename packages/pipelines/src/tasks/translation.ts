import { specialToken } from "./answer-windows.js";
import { type OpenedTask, tokensWithin } from "./opened-task.js";
import type { RunOptions } from "./run-model.js";
import { translateTokens } from "./translate.js";

export interface TranslationOptions extends RunOptions {
  /** Hypotheses that are kept at every step; 1 takes the likeliest token every time. Default 1. */
  readonly numBeams?: number;
  /** Most tokens of a translation. Default: as many as the model sees. */
  readonly maxNewTokens?: number;
  /** What is put before each text, for models that are told their task: "translate English to German: ". */
  readonly prefix?: string;
}

export interface Translation {
  readonly translationText: string;
}

/** Each text in the model's other language. */
export interface TranslationPipeline {
  (text: string, options?: TranslationOptions): Promise<Translation>;
  (texts: readonly string[], options?: TranslationOptions): Promise<readonly Translation[]>;
}

export function translation({ config, run, pad, longest, tokenizer }: OpenedTask) {
  const named = config.eos_token_id;
  const end = typeof named === "number" ? named : specialToken(tokenizer, "eos");
  const begin = config.decoder_start_token_id;
  const start = typeof begin === "number" ? begin : specialToken(tokenizer, "bos");
  return async (
    texts: readonly string[],
    { numBeams = 1, maxNewTokens = longest, prefix = "", signal, onProgress }: TranslationOptions = {},
  ): Promise<readonly Translation[]> => {
    const sources = texts.map((text) => {
      const tokens = tokensWithin(tokenizer, prefix + text, longest);
      return tokens.at(-1) === end ? tokens : Int32Array.of(...tokens.subarray(0, longest - 1), end);
    });
    const options = { beams: numBeams, maxTokens: maxNewTokens, signal, onProgress };
    const made = await translateTokens(run, sources, { start, end, pad }, options);
    return made.map((tokens) => ({ translationText: tokenizer.decode(tokens) }));
  };
}
