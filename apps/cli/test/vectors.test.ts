import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";

const at = temporaryFolder();

beforeAll(async () => {
  await writeFile(at("v.txt"), "king 1 1 0\nqueen 1 -1 0\nman 0 1 0.1\nwoman 0 -1 0.1\napple 0 0 1\n");
  await writeFile(at("cut.txt"), "king 1 1 0\nqueen 1 -1 0\nman 0 1");
  const line = "the river carries water and the water fills the lake\n";
  await writeFile(at("book.txt"), line.repeat(40));
});

describe("relpos vectors", () => {
  test("info", async () => {
    const { out } = await relpos("vectors", "info", at("v.txt"));
    expect(out).toBe("words:    5\nwidth:    3\nfirst:    king queen man woman apple\nleft out: 0\n");
  });

  test("info on a file that was cut off", async () => {
    const { code, error } = await relpos("vectors", "info", at("cut.txt"));
    expect([code, error]).toEqual([
      1,
      "error: cut.txt:3: a vector must have 3 numbers, got 2 — mend it, try another --text-encoding, or leave wrong rows out with --on-error skip\n",
    ]);
    const { out } = await relpos("vectors", "info", at("cut.txt"), "--on-error", "skip", "--json");
    expect(JSON.parse(out)).toEqual({
      words: 2,
      width: 3,
      records: 2,
      skipped: 1,
      problems: [{ file: "cut.txt", line: 3, rule: "a vector must have 3 numbers, got 2" }],
    });
  });

  test("nearest and analogy", async () => {
    expect((await relpos("vectors", "nearest", at("v.txt"), "king", "--count", "1")).out).toBe("0.7036  man\n");
    const { out } = await relpos("vectors", "analogy", at("v.txt"), "man", "king", "woman", "--json");
    expect(JSON.parse(out)[0].word).toBe("queen");
    expect((await relpos("vectors", "nearest", at("v.txt"), "pear")).error).toBe(
      'error: a word must be one of the 5 that have vectors, got "pear" — try another word, or a larger --limit\n',
    );
  });

  test.each([
    ["word2vec", "w.safetensors"],
    ["glove", "g.vec"],
  ])("train --method %s writes vectors that it can read", async (method, name) => {
    const options = ["--width", "8", "--epochs", "1", "--batch", "256", "--backend", "reference"];
    const { code, out } = await relpos(
      "vectors",
      "train",
      at("book.txt"),
      "--method",
      method,
      "--out",
      at(name),
      ...options,
    );
    expect([code, out]).toEqual([0, `7 words of width 8: ${at(name)}\n`]);
    expect((await relpos("vectors", "info", at(name))).out).toMatch(/^words: {4}7\nwidth: {4}8\nfirst: {4}the water /);
  });

  test("train needs a name that tells the form", async () => {
    const { error } = await relpos("vectors", "train", at("book.txt"), "--out", "v.bin");
    expect(error).toBe("error: --out v.bin must end in .safetensors or .vec — for example --out vectors.vec\n");
  });
});
