import type { Llama2cTokenizer } from "@relpos/checkpoints";
import type { DecodeOptions, EncodeOptions, Vocabulary } from "@relpos/text";

/** What generation needs of a tokenizer; every `Tokenizer` of `@relpos/text` is one. */
export interface TextTokenizer {
  readonly vocabulary: Pick<Vocabulary, "size" | "tokenOf" | "isSpecial">;
  encode(text: string, options?: EncodeOptions): { readonly ids: Iterable<number> };
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
}

/** Unknown, begin and end. */
const specialCount = 3;

/** llama2.c's tokenizer as generation takes it: the token that begins a sequence is the special token of a prompt. */
export function llama2cTextTokenizer(tokenizer: Llama2cTokenizer): TextTokenizer {
  return {
    vocabulary: {
      size: tokenizer.size,
      tokenOf: (id) => tokenizer.decode([id]),
      isSpecial: (id) => id < specialCount,
    },
    encode: (text, { addSpecialTokens = false } = {}) => ({
      ids: tokenizer.encode(text).slice(addSpecialTokens ? 0 : 1),
    }),
    decode: (ids) => tokenizer.decode([...ids]),
  };
}
