import { gzipSync } from "node:zlib";
import { encodeSafetensors, bytesSource as randomAccess } from "@relpos/checkpoints/safetensors";
import { describe, expect, test } from "vitest";
import {
  analogy,
  blobSource,
  bytesSource,
  describeCoverage,
  encodeVectors,
  initialEmbedding,
  nearest,
  readBinaryVectors,
  readStoredVectors,
  readTextVectors,
  readVectors,
  textSource,
  vectorLines,
  vocabularyOf,
  wordVectors,
} from "../src/index.js";

const words = ["king", "queen", "man", "woman", "apple"];
const rows = [
  [1, 1, 0],
  [1, -1, 0],
  [0, 1, 0.1],
  [0, -1, 0.1],
  [0, 0, 1],
];
const vectors = wordVectors(words, Float32Array.from(rows.flat()));
const lines = rows.map((row, index) => `${words[index]} ${row.join(" ")}`);
const skip = { onError: "skip" } as const;

/** word2vec's binary form. */
function binary(count = words.length): Uint8Array {
  const rowBytes = rows.flatMap((row, index) => [
    ...new TextEncoder().encode(`${words[index]} `),
    ...new Uint8Array(Float32Array.from(row).buffer),
    10,
  ]);
  return Uint8Array.from([...new TextEncoder().encode(`${count} 3\n`), ...rowBytes]);
}

describe("forms", () => {
  const forms = {
    "GloVe's text": textSource(lines.join("\n"), "glove.txt"),
    "word2vec's text and fastText's .vec": textSource(`5 3\n${lines.map((line) => `${line} `).join("\n")}\n`, "a.vec"),
    "word2vec's binary": bytesSource(binary(), "a.bin"),
    safetensors: bytesSource(encodeVectors(vectors), "a.safetensors"),
    "gzipped binary": blobSource(new Blob([gzipSync(binary())]), "a.bin.gz"),
    "lines of our own": textSource([...vectorLines(vectors)].join(""), "own.vec"),
  };

  test.each(Object.entries(forms))("%s", async (_, source) => {
    const { vectors: read, report } = await readVectors(source);
    expect(read.words).toEqual(words);
    expect(read.table).toEqual(vectors.table);
    expect(report).toEqual({ records: 5, skipped: 0, problems: [] });
  });

  test("only the first rows, where that is asked for", async () => {
    for (const source of [forms["word2vec's binary"], forms["GloVe's text"]]) {
      expect((await readVectors(source, { limit: 2 })).vectors.words).toEqual(["king", "queen"]);
    }
  });

  test("a word with spaces", async () => {
    const { vectors } = await readTextVectors(textSource("a 1.5 2.5\nat name@domain.com 3.5 4.5\n. . 1.5 1.5"));
    expect(vectors.words).toEqual(["a", "at name@domain.com", ". ."]);
  });

  test("a safetensors file of others, in half precision, with words given", async () => {
    const bytes = encodeSafetensors({ emb: { dtype: "F16", shape: [2, 1], bytes: Uint8Array.of(0, 0x3c, 0, 0xc0) } });
    const read = await readStoredVectors(randomAccess(bytes, "x"), { words: ["a", "b"] });
    expect([...read.table.data]).toEqual([1, -2]);
    await expect(readStoredVectors(randomAccess(bytes, "x"))).rejects.toThrow("the file must list its words");
  });
});

describe("what is wrong", () => {
  test("mixed widths, cut lines, numbers that are none, words twice, bytes that are no text", async () => {
    const head = new TextEncoder().encode("a 1.5 2.5\nb 1.5 2.5 3.5\na 0.5 0.5\nc 1.5\nd x 1.5\ne NaN 1.5\n");
    const source = bytesSource(Uint8Array.of(...head, 0xe9, 0x20, 0x31, 0x20, 0x32, 10), "w.txt");
    await expect(readTextVectors(source)).rejects.toThrow(
      "[readTextVectors] w.txt:2: a vector must have 2 numbers, got 3",
    );
    const { vectors, report } = await readTextVectors(source, skip);
    expect(vectors.words).toEqual(["a"]);
    expect(report.problems.map(({ line, rule }) => `${line}: ${rule}`)).toEqual([
      "2: a vector must have 2 numbers, got 3",
      '3: a word must not occur twice, got "a"',
      "4: a vector must have 2 numbers, got 1",
      "5: a vector must have 2 numbers, got 1",
      "6: a vector must have 2 numbers, got 1",
      "7: must be text in utf-8, got 0xe9 as byte 1",
    ]);
    expect((await readTextVectors(source, { ...skip, encoding: "windows-1252" })).vectors.words).toEqual(["a", "é"]);
  });

  test("a file that ends early", async () => {
    await expect(readTextVectors(textSource("9 2\na 1 2\n", "a.vec"))).rejects.toThrow(
      "a.vec:1: must hold 9 vectors as its first line says, got 1",
    );
    const cut = bytesSource(binary(9).subarray(0, 50), "a.bin");
    await expect(readBinaryVectors(cut)).rejects.toThrow(
      "a.bin:3: must hold 9 vectors as its first line says, got 2 and a part",
    );
    expect((await readBinaryVectors(cut, skip)).vectors.words).toEqual(["king", "queen"]);
    await expect(readTextVectors(textSource("", "a.txt"))).rejects.toThrow(
      "a.txt must hold at least one vector, got an empty file",
    );
    await expect(readBinaryVectors(textSource("PK", "a.bin"))).rejects.toThrow(
      "must begin with the number of words and the width",
    );
  });
});

describe("similarity", () => {
  test("nearest by cosine, without the word itself", () => {
    const [first] = nearest(vectors, "king", { count: 1 });
    // cos((1, 1, 0), (0, 1, 0.1)) = 1 / (√2 · √1.01)
    expect(first?.word).toBe("man");
    expect(first?.similarity).toBeCloseTo(1 / Math.sqrt(2 * 1.01), 6);
    expect(nearest(vectors, "KING", { count: 1 })[0]?.word).toBe("king");
  });

  test("man is to king as woman is to queen", () => {
    expect(analogy(vectors, ["man", "king", "woman"], { count: 1 })[0]?.word).toBe("queen");
    expect(() => analogy(vectors, ["man", "kings", "woman"])).toThrow(
      '[analogy] a word must be one of the 5 that have vectors, got "kings"',
    );
  });
});

describe("initialEmbedding", () => {
  const vocabulary = vocabularyOf(["<pad>", "<unk>", "king", "Queen", "pear"], { pad: "<pad>", unk: "<unk>" });

  test("vectors where there are some, random values elsewhere, and what was covered", () => {
    const { table, trainable, coverage } = initialEmbedding(vocabulary, vectors);
    expect(table.shape).toEqual([5, 3]);
    expect([...table.data.slice(0, 3)]).toEqual([0, 0, 0]);
    expect([...table.data.slice(6, 12)]).toEqual([1, 1, 0, 1, -1, 0]);
    expect([...trainable.data]).toEqual([1, 1, 1, 1, 1]);
    expect(coverage).toEqual({ found: 2, tokens: 3, missing: ["pear"], lowercased: 1 });
    expect(describeCoverage(coverage)).toBe(
      "2 of 3 words have a vector (66.7 %), 1 of them in lower case; without: pear",
    );
  });

  test("frozen: rows with a vector keep it; the seed makes the others", () => {
    expect([...initialEmbedding(vocabulary, vectors, { frozen: true }).trainable.data]).toEqual([1, 1, 0, 0, 1]);
    const values = (seed: number) => initialEmbedding(vocabulary, vectors, { seed }).table;
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  test("vectors of other words are an error", () => {
    const other = vocabularyOf(["x"]);
    expect(() => initialEmbedding(other, vectors)).toThrow("at least one of 1 tokens must have a vector, got none");
  });
});
