import { catalogue } from "@relpos/catalogue";
import { describe, expect, test } from "vitest";
import { findEncoding, resolveEncodings } from "../src/compare/encoding-names.js";
import {
  catalogueTable,
  defaultSizes,
  describeCatalogue,
  describeEncoding,
  explainEncoding,
  prepareComparison,
} from "../src/index.js";
import { display, displayEntries } from "../src/report/tables.js";
import { indented } from "../src/report/wrap.js";

describe("names of encodings", () => {
  test("are found by name, alias and in capitals", () => {
    expect(["rope", "Rotary", "linear-bias"].map((word) => findEncoding(word, catalogue).name)).toEqual([
      "rope",
      "rope",
      "alibi",
    ]);
    expect(() => findEncoding("rotery", catalogue)).toThrow(
      'unknown encoding "rotery" — did you mean "rotary"? known: none,',
    );
  });

  test("no alias stands for two encodings", () => {
    for (const { name, aliases } of Object.values(catalogue)) {
      for (const alias of aliases) expect(`${alias}: ${findEncoding(alias, catalogue).name}`).toBe(`${alias}: ${name}`);
    }
  });

  test("all stands for those that can be causal", () => {
    const both = { ...catalogue.rope!, name: "both" };
    const encoder = { ...catalogue.rope!, name: "encoder", attention: "bidirectional" as const };
    const entries = { both, encoder, alibi: catalogue.alibi! };
    expect(resolveEncodings(["all"], entries)).toEqual(["both", "alibi"]);
    expect(resolveEncodings(["linear-bias", "encoder"], entries)).toEqual(["alibi", "encoder"]);
  });

  test("are settled before a comparison starts", () => {
    expect(prepareComparison({ encodings: ["rotary", "nope"] }).settings.encodings).toEqual(["rope", "none"]);
    expect(() => prepareComparison({ encodings: ["rotary", "rope"] })).toThrow("encodings has rope twice");
  });
});

describe("descriptions", () => {
  test("read hooks, parameters and cache off the encoding", () => {
    expect(describeEncoding("t5", { ...defaultSizes, heads: 12 })).toMatchObject({
      hooks: ["bias"],
      cache: "rotated-keys",
      parameters: [{ name: "weight", shape: [32, 12], scope: "model", initial: { kind: "normal" } }],
      link: "https://arxiv.org/abs/1910.10683",
    });
    expect(describeEncoding("learned", { ...defaultSizes, length: 77 })).toMatchObject({ maximumPositions: 77 });
  });

  test("of the whole catalogue fit 100 columns, and are JSON", () => {
    const all = describeCatalogue();
    expect(all.map(({ name }) => name)).toEqual(Object.keys(catalogue));
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
    const texts = [catalogueTable(all), ...all.map((one) => explainEncoding(one, defaultSizes))];
    for (const line of texts.join("\n").split("\n")) {
      expect(line).not.toMatch(/undefined|NaN|\[object/);
      expect([line, [...line].length > 100]).toEqual([line, false]);
    }
    expect(describeCatalogue(3).every(({ tier }) => tier === 3)).toBe(true);
  });
});

test("settings without a value are left out, parts are named, long lists are cut", () => {
  expect(displayEntries({ base: 1, share: undefined, scaling: { kind: "yarn", factor: 4, beta: undefined } })).toEqual([
    "base 1",
    "scaling (kind yarn, factor 4)",
  ]);
  expect(display(Float64Array.of(1, 2))).toBe("1, 2");
  expect(display(Array.from({ length: 40 }, (_, index) => index))).toMatch(/^0, 1, .*15, … \(40\)$/);
});

test("text is wrapped between words", () => {
  expect(indented("one two three four", 2, 12)).toBe("  one two\n    three\n    four");
  expect(indented("", 2, 12)).toBe("  ");
});
