import { foldIn, RelposError, randomIntegers, randomKey } from "@relpos/core";

/*
 * Passkey retrieval in running text: a number of five digits, said once among sentences that repeat, is asked for at the end.
 *
 * After Mohtashami and Jaggi, "Landmark Attention" (2023), whose filler this is. The text is written to fit a number of tokens
 * of any tokenizer, and answered by the model's likeliest tokens.
 */

const opening = "A pass key is hidden in this text. Remember it.\n\n";
const filler = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.\n";
const needle = (key: string): string => `The pass key is ${key}. Remember it. ${key} is the pass key.\n`;
const question = "\nWhat is the pass key? The pass key is";
const digits = 5;

/** What is needed of a tokenizer. */
export interface PromptTokenizer {
  readonly vocabulary: { isSpecial(id: number): boolean };
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): { readonly ids: Iterable<number> };
  decode(ids: Iterable<number>): string;
}

/** A prompt's tokens with the answer; the last `answer` of them are asked for. */
export interface Passkey {
  readonly tokens: readonly number[];
  readonly answer: number;
}

/** The number that is hidden, for a seed and the number of the passkey. */
function keyOf(seed: number, index: number): string {
  const [first = 1, ...others] = randomIntegers(foldIn(randomKey(seed), `passkey ${index}`), digits, 0, 10);
  return [1 + (first % 9), ...others].join("");
}

/** A text's tokens with those that begin it, without one that ends it. */
function encode(tokenizer: PromptTokenizer, text: string): readonly number[] {
  const ids = [...tokenizer.encode(text, { addSpecialTokens: true }).ids];
  const last = ids.at(-1);
  return last !== undefined && tokenizer.vocabulary.isSpecial(last) ? ids.slice(0, -1) : ids;
}

/**
 * The passkey at a depth in as many sentences as fit the length. Errors when not even the question fits, and when the tokenizer
 * cannot write the number.
 */
export function passkeyPrompt(
  tokenizer: PromptTokenizer,
  {
    length,
    depth,
    seed,
    index,
  }: { readonly length: number; readonly depth: number; readonly seed: number; readonly index: number },
): Passkey {
  const key = keyOf(seed, index);
  const textOf = (sentences: number): string => {
    const before = Math.round(depth * sentences);
    return `${opening}${filler.repeat(before)}${needle(key)}${filler.repeat(sentences - before)}${question}`;
  };
  const tokensOf = (sentences: number): Passkey => {
    const [asked, tokens] = [textOf(sentences), `${textOf(sentences)} ${key}`].map((text) =>
      encode(tokenizer, text),
    ) as [readonly number[], readonly number[]];
    const shared = tokens.findIndex((token, at) => token !== asked[at]);
    return { tokens, answer: tokens.length - (shared === -1 ? tokens.length : shared) };
  };
  const [none, one] = [tokensOf(0), tokensOf(1)];
  if (none.tokens.length > length) {
    throw new RelposError("passkey", `the question alone has ${none.tokens.length} tokens, more than ${length}`);
  }
  const written = tokenizer.decode(none.tokens.slice(-none.answer));
  if (none.answer === 0 || !written.includes(key)) {
    throw new RelposError("passkey", `the tokenizer writes ${key} as ${JSON.stringify(written)}`);
  }
  const perSentence = Math.max(1, one.tokens.length - none.tokens.length);
  let best = none;
  let sentences = Math.floor((length - none.tokens.length) / perSentence);
  while (sentences > 0) {
    best = tokensOf(sentences);
    if (best.tokens.length <= length) return best;
    sentences -= Math.max(1, Math.floor((best.tokens.length - length) / perSentence));
  }
  return none;
}
