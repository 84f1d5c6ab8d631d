import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  byteTokenizer,
  type Tokenizer,
  tokenizerConfig,
  tokenizerFromJson,
  trainByteLevelBpe,
  trainCharacters,
  trainWordPiece,
  trainWords,
} from "../src/index.js";
import { describeStoredCases } from "./stored-cases.js";

const fixtures = join(import.meta.dirname, "fixtures");
const sample = readFileSync(join(fixtures, "sample.txt"), "utf8");
const specialTokens = { pad: "<pad>", unk: "<unk>", eos: "<eos>" };

const bpe = await trainByteLevelBpe([sample], { vocabularySize: 400, specialTokens: { pad: "<pad>", eos: "<eos>" } });
const wordPiece = await trainWordPiece([sample], { vocabularySize: 220 });
const words = await trainWords([sample], { specialTokens });
const characters = await trainCharacters([sample], { specialTokens });
const bytes = byteTokenizer({ eos: "<eos>" });
const all: readonly Tokenizer[] = [bpe, wordPiece, words, characters, bytes];

describe("trainers, against Hugging Face's", () => {
  describeStoredCases(fixtures, fixtures);
});

describe.each(all.map((tokenizer) => [tokenizer.kind, tokenizer] as const))("%s", (_, tokenizer) => {
  test("is the same after saving and loading, special tokens and roles included", () => {
    const again = tokenizerFromJson(JSON.stringify(tokenizer), tokenizerConfig(tokenizer.vocabulary));
    expect(again.kind).toBe(tokenizer.kind);
    expect(again.vocabulary.tokens).toEqual(tokenizer.vocabulary.tokens);
    expect(again.vocabulary.special).toEqual(tokenizer.vocabulary.special);
    expect(again.encode(sample)).toEqual(tokenizer.encode(sample));
    expect(again.toJSON()).toEqual(tokenizer.toJSON());
  });

  test("offsets cut the text into its tokens, in order", () => {
    const { ids, offsets = new Int32Array() } = tokenizer.encode(sample);
    expect(offsets.length).toBe(2 * ids.length);
    for (let i = 0; i < ids.length; i++) {
      const [start, end] = [offsets[2 * i] as number, offsets[2 * i + 1] as number];
      expect(start).toBeLessThan(end);
      if (i > 0) expect(start).toBeGreaterThanOrEqual(offsets[2 * i - 2] as number);
      expect(sample.slice(start, end)).not.toBe("");
    }
  });

  test("a special token in a text is one token", () => {
    const token = tokenizer.vocabulary.tokens.find((_, id) => tokenizer.vocabulary.isSpecial(id)) as string;
    const { ids, offsets } = tokenizer.encode(`the ${token}`);
    expect(ids.at(-1)).toBe(tokenizer.vocabulary.idOf(token));
    expect([...(offsets ?? [])].slice(-2)).toEqual([4, 4 + token.length]);
    expect(tokenizer.decode(ids.slice(-1))).toBe("");
    expect(tokenizer.decode(ids.slice(-1), { skipSpecialTokens: false })).toBe(token);
  });

  test("an id outside the vocabulary is an error", () => {
    const { size } = tokenizer.vocabulary;
    expect(() => tokenizer.decode([size])).toThrow(`[decode] a token must be below ${size}, got ${size}`);
  });
});

describe("@huggingface/tokenizers", () => {
  test.each([bpe, wordPiece, characters, bytes].map((tokenizer) => [tokenizer.kind, tokenizer] as const))(
    "reads %s and makes the same tokens of any text",
    (_, tokenizer) => {
      const json = JSON.parse(JSON.stringify(tokenizer));
      const library = new HuggingFaceTokenizer(json, tokenizerConfig(tokenizer.vocabulary));
      const check = (text: string): void => {
        const { ids } = library.encode(text, { add_special_tokens: false });
        expect([...tokenizer.encode(text).ids]).toEqual(ids);
      };
      check(sample);
      const text = fc.string({ unit: fc.constantFrom(..."aehinrstw THE,.'’!0129\n\té水山河🙂"), maxLength: 60 });
      fc.assert(fc.property(text, check));
    },
  );

  test("reads words, cutting where the pattern does that stands for the segmenter", () => {
    const library = new HuggingFaceTokenizer(words.toJSON(), tokenizerConfig(words.vocabulary));
    const text = "The river rises, the wanderer didn't mind: 27 years!";
    expect([...words.encode(text).ids]).toEqual(library.encode(text).ids);
  });

  test("runs what relpos has no code for", () => {
    const json = {
      ...wordPiece.toJSON(),
      pre_tokenizer: { type: "WhitespaceSplit" },
    };
    const tokenizer = tokenizerFromJson(json);
    expect(tokenizer.kind).toBe("hugging-face");
    expect(tokenizer.encode("the river").ids).toEqual(wordPiece.encode("the river").ids);
    expect(tokenizer.encode("the river").offsets).toBeUndefined();
  });
});

describe("round trip", () => {
  test.each([bpe, bytes].map((tokenizer) => [tokenizer.kind, tokenizer] as const))("%s: any bytes", (_, tokenizer) => {
    const check = (data: Uint8Array): void => {
      expect([...tokenizer.decodeBytes(tokenizer.encodeBytes(data))]).toEqual([...data]);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check));
    fc.assert(fc.property(fc.uint8Array({ min: 0xe0, max: 0xf8, maxLength: 40 }), check));
    check(Uint8Array.from({ length: 512 }, (_, index) => index >> 1));
  });

  test.each([bpe, bytes].map((tokenizer) => [tokenizer.kind, tokenizer] as const))("%s: any text", (_, tokenizer) => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const { ids } = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(ids).toEqual(tokenizer.encodeBytes(new TextEncoder().encode(text)));
      }),
    );
  });

  test("characters: any text of the vocabulary's characters", () => {
    const known = characters.vocabulary.tokens.filter((_, id) => !characters.vocabulary.isSpecial(id));
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...known) }), (text) => {
        expect(characters.decode(characters.encode(text).ids)).toBe(text);
      }),
    );
  });
});

describe("merges", () => {
  test("a long word takes no longer than its length tells", () => {
    const { ids } = bpe.encode("a".repeat(200_000));
    expect(bpe.decode(ids).length).toBe(200_000);
  });

  test("training stops when asked to, and tells how far it is", async () => {
    const signal = AbortSignal.abort();
    await expect(trainByteLevelBpe([sample], { vocabularySize: 300, signal })).rejects.toThrow("abort");
  });

  test("too small a vocabulary is an error", async () => {
    await expect(trainByteLevelBpe([sample], { vocabularySize: 100 })).rejects.toThrow(
      "[trainByteLevelBpe] vocabularySize must be a whole number from 256 on, got 100",
    );
    await expect(trainWordPiece([], { vocabularySize: 100 })).rejects.toThrow(
      "[trainWordPiece] texts must hold at least one word, got none",
    );
  });
});

describe("words", () => {
  test("Chinese is cut into words, and put together without spaces", async () => {
    const tokenizer = await trainWords(["我们喜欢山水。"], { specialTokens: { unk: "<unk>" } });
    const { ids } = tokenizer.encode("我们喜欢山水。");
    expect(ids.length).toBeLessThan(7);
    expect(tokenizer.decode(ids)).toBe("我们喜欢山水。");
  });

  test("English is put together as it is written", () => {
    const text = "It's said the miller's daughter didn't mind.";
    expect(words.decode(words.encode(text).ids)).toBe(text);
  });

  test("rare words are cut, by frequency and by number", async () => {
    const texts = ["a a a b b c", "d"];
    const tokens = async (cut: object) =>
      (await trainWords(texts, { specialTokens: { unk: "<unk>" }, ...cut })).vocabulary.tokens;
    expect(await tokens({})).toEqual(["<unk>", "a", "b", "c", "d"]);
    expect(await tokens({ minFrequency: 2 })).toEqual(["<unk>", "a", "b"]);
    expect(await tokens({ vocabularySize: 2 })).toEqual(["<unk>", "a"]);
  });

  test("without an unknown token, an unknown word is an error", async () => {
    const tokenizer = await trainWords(["a b"], { specialTokens: {} });
    expect(() => tokenizer.encode("c")).toThrow(
      '[encode] text must use the words of the vocabulary, or it needs an unknown token, got "c"',
    );
  });
});

describe("wordpiece", () => {
  test("adds its special tokens where asked", () => {
    const { cls, sep } = wordPiece.vocabulary.special;
    const { ids, offsets } = wordPiece.encode("the", { addSpecialTokens: true });
    expect([...ids]).toEqual([cls, ...wordPiece.encode("the").ids, sep]);
    expect([...(offsets ?? [])]).toEqual([0, 0, 0, 3, 0, 0]);
  });

  test("offsets lead back to the text as it was written, accents and case included", () => {
    const { offsets = [] } = wordPiece.encode("Été");
    expect([offsets[0], offsets.at(-1)]).toEqual([0, 3]);
  });
});
