import { describe, expect, test } from "vitest";
import {
  type CleaningOptions,
  clean,
  cleanDataset,
  cleaningSteps,
  readText,
  showCleaning,
  stopWords,
  textSource,
} from "../src/index.js";

const cases: readonly (readonly [options: CleaningOptions, text: string, cleaned: string])[] = [
  [{ html: true }, "<p>Fish &amp; <b>ch</b>ips</p><p>tea<script>x()</script></p>", "Fish & chips tea "],
  [{ html: true }, "1 < 2 && 3 > 2", "1 < 2 && 3 > 2"],
  [
    { urls: "<url>" },
    "See https://example.org/a?b=c, or www.example.com. Mail me@example.org!",
    "See <url>, or <url>. Mail <url>!",
  ],
  [{ urls: "" }, "看https://example.org/a。好", "看。好"],
  [{ unicode: "NFKC" }, "ﬁne Ｆｕｌｌ e\u0301té①", "fine Full été1"],
  [{ case: "lower" }, "ÉTÉ Straße", "été straße"],
  [{ numbers: "0" }, "In 1998, 3,000.50 of B2B at 10:30; 2026年", "In 0, 0 of B2B at 0; 0年"],
  [{ punctuation: " " }, "Don't (stop)! 好，吗？ 'tis", "Don't  stop   好 吗   tis"],
  [{ stopWords: ["en"] }, "The river and the Hills", " river   Hills"],
  [{ stopWords: ["zh"] }, "我们喜欢河水的声音", "喜欢河水声音"],
  [{ stopWords: new Set(["river"]) }, "the River", "the "],
  [{ spaces: true }, " a\t\n b\u200b\u00a0c ", "a b c"],
];

test.each(cases)("%o", (options, text, cleaned) => {
  expect(clean(text, options)).toBe(cleaned);
});

test("steps are taken in the order of the table, however they are named", () => {
  expect(Object.keys(cleaningSteps)).toEqual([
    "html",
    "urls",
    "unicode",
    "case",
    "numbers",
    "punctuation",
    "stopWords",
    "spaces",
  ]);
  const options: CleaningOptions = { spaces: true, stopWords: ["en"], case: "lower", html: true };
  expect(showCleaning("<i>The  River</i>", options)).toEqual([
    { step: "html", before: "<i>The  River</i>", after: "The  River" },
    { step: "case", before: "The  River", after: "the  river" },
    { step: "stopWords", before: "the  river", after: "  river" },
    { step: "spaces", before: "  river", after: "river" },
  ]);
});

test("no step is taken that is not named, and an unknown one is an error", () => {
  expect(clean(" <b>A</b> ", {})).toBe(" <b>A</b> ");
  expect(() => clean("a", { spelling: true } as CleaningOptions)).toThrow("[clean] a step must be one of html, urls,");
});

test("records keep their lines; those of which nothing is left are left out", async () => {
  const dataset = cleanDataset(readText(textSource("the river\nthe\nhills")), { stopWords: ["en"], spaces: true });
  const records = [];
  for await (const { line, text } of dataset) records.push([line, text]);
  expect(records).toEqual([
    [1, "river"],
    [3, "hills"],
  ]);
});

describe("stop words", () => {
  test.each(["en", "zh"] as const)("%s: many, none of them empty", (language) => {
    expect(stopWords(language).size).toBeGreaterThan(150);
    expect(stopWords(language).has("")).toBe(false);
  });
});
