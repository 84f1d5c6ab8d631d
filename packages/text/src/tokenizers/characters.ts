import { check } from "@relpos/core";
import { assembleTokenizer } from "./assemble.js";
import type { SpecialTokens } from "./special-tokens.js";
import type { Tokenizer } from "./tokenizer.js";
import { pairEncoding } from "./tokenizer-json.js";
import { countIn, type Texts, type TrainingOptions } from "./training.js";
import { countedVocabulary, type Vocabulary, type VocabularyCut } from "./vocabulary.js";

/** What a tokenizer by characters is trained to. */
export interface CharacterOptions extends TrainingOptions, VocabularyCut {
  readonly specialTokens?: SpecialTokens;
}

/** The tokenizer whose tokens are the characters (code points) of texts, the most frequent first. */
export async function trainCharacters(texts: Texts, options: CharacterOptions = {}): Promise<Tokenizer> {
  const counts = await countIn(texts, options, (text, add) => {
    for (const character of text) add(character);
  });
  check(counts.size > 0, "trainCharacters", () => "texts must hold at least one character, got none");
  return charactersTokenizer(countedVocabulary(counts, options.specialTokens ?? {}, options));
}

/** The tokenizer by characters of a vocabulary. Other characters are the unknown token, or an error where there is none. */
export function charactersTokenizer(vocabulary: Vocabulary): Tokenizer {
  const unknown = vocabulary.special.unk;
  return assembleTokenizer({
    kind: "characters",
    vocabulary,
    tokenize(text, sink) {
      let start = 0;
      for (const character of text) {
        const id = vocabulary.idOf(character) ?? unknown;
        check(id !== undefined, "encode", () => {
          return `text must use the characters of the vocabulary, or it needs an unknown token, got ${JSON.stringify(character)}`;
        });
        sink(id, start, start + character.length);
        start += character.length;
      }
    },
    join: (tokens) => tokens.join(""),
    parts: {
      pre_tokenizer: null,
      decoder: { type: "Fuse" },
      model: pairEncoding(vocabulary, [], unknown === undefined ? null : vocabulary.tokenOf(unknown)),
    },
  });
}
