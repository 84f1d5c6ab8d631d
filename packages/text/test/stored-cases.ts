import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  bertSpecialTokens,
  type Tokenizer,
  trainByteLevelBpe,
  trainWordPiece,
  vocabularyOf,
  wordPieceTokenizer,
} from "../src/index.js";
import { bertWordCutter } from "../src/tokenizers/bert-words.js";
import { learnPieces } from "../src/tokenizers/train-wordpiece.js";

interface StoredCase {
  readonly text: string;
  readonly start: number;
  readonly length: number;
  readonly vocabularySize: number;
  readonly probe: string;
  readonly ids: readonly number[];
  /** In characters, as Python counts. */
  readonly offsets?: readonly (readonly [number, number])[];
  readonly decoded?: string;
}

interface StoredBpe extends StoredCase {
  readonly specialTokens: readonly string[];
  readonly merges: readonly string[];
}

interface StoredWordPiece extends StoredCase {
  readonly vocabulary: readonly string[];
}

/** Tests of the trainers against what Hugging Face's tokenizers learned from texts in a folder. */
export function describeStoredCases(cases: string, texts: string): void {
  const read = <Case extends StoredCase>(name: string): { stored: Case; text: string } => {
    const stored = JSON.parse(readFileSync(join(cases, name), "utf8")) as Case;
    const characters = [...readFileSync(join(texts, stored.text), "utf8")];
    return { stored, text: characters.slice(stored.start, stored.start + stored.length).join("") };
  };

  test("byte-level BPE: the merges and the ids of the probe, exactly", async () => {
    const { stored, text } = read<StoredBpe>("byte-level-bpe.json");
    const { vocabularySize, specialTokens } = stored;
    const tokenizer = await trainByteLevelBpe([text], { vocabularySize, specialTokens: { others: specialTokens } });
    const merges = tokenizer.toJSON().model.merges as readonly (readonly string[])[];
    expect(merges.map((merge) => merge.join(" "))).toEqual(stored.merges);
    expect([...tokenizer.encode(stored.probe).ids]).toEqual(stored.ids);
    expectRest(tokenizer, stored, stored.ids);
  });

  test("WordPiece: the vocabulary, exactly where characters are numbered as there, and the ids of the probe", async () => {
    const { stored, text } = read<StoredWordPiece>("wordpiece.json");
    const { vocabularySize, vocabulary } = stored;
    const trained = await trainWordPiece([text], { vocabularySize });
    const isFirst = (token: string) => /^(\[[A-Z]+\]|(##)?.)$/u.test(token);
    const first = vocabulary.slice(
      0,
      vocabulary.findIndex((token) => !isFirst(token)),
    );
    expect(trained.vocabulary.tokens.slice(0, first.length).sort()).toEqual([...first].sort());
    expect(trained.vocabulary.size).toBe(vocabulary.length);

    const counts = new Map<string, number>();
    for (const { text: word } of bertWordCutter(bertNormalization)(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const tokens = await learnPieces(counts, first, { vocabularySize, minFrequency: 1, pause: async () => {} });
    expect(tokens).toEqual(vocabulary);

    const tokenizer = wordPieceTokenizer({
      vocabulary: vocabularyOf(tokens, bertSpecialTokens),
      normalization: bertNormalization,
    });
    expect([...tokenizer.encode(stored.probe).ids]).toEqual(stored.ids);
    expectRest(tokenizer, stored, stored.ids);
  });
}

const bertNormalization = { lowercase: true, stripAccents: true, cleanText: true, handleChineseCharacters: true };

function expectRest(tokenizer: Tokenizer, { probe, offsets, decoded }: StoredCase, ids: Iterable<number>): void {
  if (decoded !== undefined) expect(tokenizer.decode(ids)).toBe(decoded);
  if (offsets === undefined) return;
  const units = [0];
  for (const character of probe) units.push((units[units.length - 1] as number) + character.length);
  const expected = offsets.flatMap(([start, end]) => [units[start], units[end]]);
  expect([...(tokenizer.encode(probe).offsets ?? [])]).toEqual(expected);
}
