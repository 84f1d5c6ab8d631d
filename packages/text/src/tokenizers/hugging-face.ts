import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import type { Tokenizer } from "./tokenizer.js";
import { type TokenizerConfig, type TokenizerJson, vocabularyOfJson } from "./tokenizer-json.js";

/** Any tokenizer of Hugging Face's, run by its library `@huggingface/tokenizers`; without offsets. */
export function huggingFaceTokenizer(json: TokenizerJson, config: TokenizerConfig = {}): Tokenizer {
  const library = new HuggingFaceTokenizer(json, config);
  return {
    kind: "hugging-face",
    vocabulary: vocabularyOfJson(json, config),
    encode: (text, { addSpecialTokens = false } = {}) => ({
      ids: Int32Array.from(library.encode(text, { add_special_tokens: addSpecialTokens }).ids),
    }),
    decode: (ids, { skipSpecialTokens = true } = {}) =>
      library.decode([...ids], { skip_special_tokens: skipSpecialTokens }),
    toJSON: () => json,
  };
}
