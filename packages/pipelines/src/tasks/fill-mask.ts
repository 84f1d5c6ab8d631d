import { check, tensor } from "@relpos/core";
import { specialToken } from "./answer-windows.js";
import { type OpenedTask, tokensWithin } from "./opened-task.js";
import { type RunOptions, rowOf, tokenInputs } from "./run-model.js";
import { softmaxOf } from "./softmax.js";
import { likeliest } from "./translate.js";

/** A token in the place of a mask. */
export interface FilledMask {
  readonly score: number;
  readonly token: number;
  readonly tokenStr: string;
  /** The text with it. */
  readonly sequence: string;
}

export interface FillMaskOptions extends RunOptions {
  /** How many of the likeliest tokens. Default 5. */
  readonly topK?: number;
}

/** The likeliest tokens for the mask of each text; of a text with several masks, for each of them. */
export interface FillMask {
  (text: string, options?: FillMaskOptions): Promise<readonly FilledMask[] | readonly (readonly FilledMask[])[]>;
  (
    texts: readonly string[],
    options?: FillMaskOptions,
  ): Promise<readonly (readonly FilledMask[] | readonly (readonly FilledMask[])[])[]>;
}

export function fillMask({ run, pad, longest, tokenizer }: OpenedTask) {
  const mask = specialToken(tokenizer, "mask");
  return async (texts: readonly string[], { topK = 5, signal, onProgress }: FillMaskOptions = {}) => {
    const results: (readonly FilledMask[] | readonly (readonly FilledMask[])[])[] = [];
    for (const text of texts) {
      signal?.throwIfAborted();
      const tokens = tokensWithin(tokenizer, text, longest);
      const places = Array.from(tokens.keys()).filter((place) => tokens[place] === mask);
      check(places.length > 0, "fillMask", () => {
        return `a text must have ${tokenizer.vocabulary.tokenOf(mask)}, got ${JSON.stringify(text.slice(0, 60))}`;
      });
      const inputs = {
        ...tokenInputs(
          places.map(() => ({ tokens })),
          pad,
        ),
        logits_positions: tensor(Int32Array.from(places), [places.length], "int32"),
      };
      const { logits } = await run(inputs, { wanted: ["logits"], signal });
      const filled = places.map((place, index) => {
        const scores = softmaxOf(rowOf(logits!, index));
        return likeliest(scores, topK).map((token): FilledMask => {
          const whole = Array.from(tokens, (own, at) => (at === place ? token : own));
          const tokenStr = tokenizer.decode([token], { skipSpecialTokens: false });
          const sequence = tokenizer.decode(whole, { skipSpecialTokens: places.length === 1 });
          return { score: scores[token]!, token, tokenStr, sequence };
        });
      });
      results.push(places.length === 1 ? filled[0]! : filled);
      onProgress?.(results.length / texts.length);
    }
    return results;
  };
}
