import { catalogue } from "@relpos/catalogue";
import { describe, expect, test } from "vitest";
import { relpos } from "./captured.js";

describe("relpos encodings", () => {
  test("lists one tier", async () => {
    const { out } = await relpos("encodings", "--tier", "2", "--json");
    const expected = Object.values(catalogue).filter(({ tier }) => tier === 2);
    expect(JSON.parse(out).map(({ name }: { name: string }) => name)).toEqual(expected.map(({ name }) => name));
  });

  test("explains one, by name or alias, for a size of the model", async () => {
    const { code, out } = await relpos("encodings", "t5-bias", "--heads", "4", "--width", "64");
    expect(code).toBe(0);
    for (const line of [
      /^t5: a trained bias for each head/,
      /^ {2}formula +s_ij = /m,
      /^ +https:\/\/arxiv\.org\/abs\/1910\.10683$/m,
      /^ {2}attention +causal and bidirectional$/m,
      /^ {2}translation +invariant/m,
      /^ {2}hooks +bias: adds to the scores/m,
      /^ {2}parameters +weight \[32, 4\], at first Gaussian, deviation 0\.1\d?$/m,
      /^ {2}cache +rotated-keys: keys as the encoding made them/m,
      /^ {2}settings +bidirectional false, buckets 32/m,
      /^ {2}models +T5, /m,
      /^ {2}verified +against the numbers of a reference implementation$/m,
    ]) {
      expect(out).toMatch(line);
    }
    const json = JSON.parse((await relpos("encodings", "rotary", "--json")).out);
    expect(json).toMatchObject({ name: "rope", hooks: ["transform"], parameters: [], cache: "rotated-keys" });
  });

  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an unknown name", ["albi"], /unknown encoding "albi" — did you mean "alibi"\? known: none, .* more/],
    ["a tier that is not there", ["--tier", "9"], /--tier 9 has no encodings — try --tier 1/],
    ["a name and a tier", ["rope", "--tier", "1"], /exclude each other — leave one out/],
    [
      "heads that do not divide the width",
      ["t5", "--width", "10", "--heads", "4"],
      /must divide --width.* — try --width 12/,
    ],
    ["two names", ["rope", "alibi"], /too many arguments/],
  ];
  test.each(cases)("refuses %s", async (_, args, message) => {
    const { code, out, error } = await relpos("encodings", ...args);
    expect(error).toMatch(message);
    expect(error).toMatch(/^error: [^\n]+ — [^\n]+\n$/);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});
