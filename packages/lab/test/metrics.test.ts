import { expectClose, type ToleranceClass } from "@relpos/conformance";
import { exactTensor } from "@relpos/core";
import { describe, expect, test } from "vitest";
import {
  bitsPerByte,
  calibration,
  classificationReport,
  corpusBleu,
  corpusChrf,
  normalizeChineseAnswer,
  perplexity,
  scoreAnswer,
  translationTokens,
} from "../src/metrics/index.js";

// What no stored case of a reference program covers; those are in tooling/specification.

function expectNumber(actual: number, expected: number, tolerance: ToleranceClass = "arithmetic"): void {
  expectClose(exactTensor([actual], []), exactTensor([expected], []), tolerance);
}

describe("calibration", () => {
  test("is the mean gap between confidence and accuracy, by bins", () => {
    const probabilities = [
      [0.9, 0.1],
      [0.9, 0.1],
      [0.4, 0.6],
    ];
    // Bins of a half: all three lie in (0.5, 1], with mean confidence 0.8 and accuracy 2/3.
    const { error, bins } = calibration([0, 1, 1], probabilities, { bins: 2 });
    expect(bins.map(({ count }) => count)).toEqual([0, 3]);
    expectNumber(error, 0.8 - 2 / 3, "transcendental");
  });

  test("of sure and right predictions is 0", () => {
    expect(
      calibration(
        [0, 1],
        [
          [1, 0],
          [0, 1],
        ],
      ).error,
    ).toBe(0);
  });
});

describe("classification", () => {
  test("of nothing but one class has no correlation", () => {
    const report = classificationReport([1, 1], [1, 1], 2);
    expect(report).toMatchObject({ accuracy: 1, matthews: 0, averages: { macro: { f1: 0.5 }, weighted: { f1: 1 } } });
  });

  test("names a class that does not exist", () => {
    expect(() => classificationReport([0], [2], 2)).toThrow("[confusionMatrix] a class must be below 2, got 0 and 2");
    expect(() => classificationReport([0], [], 2)).toThrow("every example needs a prediction, got 1 examples and 0");
  });
});

describe("translations", () => {
  test.each([
    ["13a", "It's 3.5, &quot;well-known&quot;.", ["It's", "3.5", ",", '"', "well-known", '"', "."]],
    ["13a", "in 1980-90", ["in", "1980", "-", "90"]],
    ["zh", "我爱 New York。", ["我", "爱", "New", "York", "。"]],
    ["char", "ab c", ["a", "b", "c"]],
    ["none", " a  b ", ["a", "b"]],
  ] as const)("are cut by %s: %s", (tokenizer, text, expected) => {
    expect(translationTokens(text, tokenizer)).toEqual(expected);
  });

  test("are compared with the best of several references", () => {
    const references = [["the cat sat on a mat", "a cat sat on the mat today"]];
    expect(corpusBleu(["a cat sat on the mat today"], references).score).toBeGreaterThan(99.9);
    expect(corpusChrf(["a cat sat on the mat today"], references)).toBe(100);
  });

  test("of nothing score nothing", () => {
    expect(corpusBleu([""], ["a b"])).toMatchObject({ score: 0, brevityPenalty: 0 });
    expect(corpusChrf([""], ["a b"])).toBe(0);
  });
});

describe("answers", () => {
  test("to questions without an answer are right when empty", () => {
    expect(scoreAnswer("", [])).toEqual({ exact: 1, f1: 1 });
    expect(scoreAnswer("something", [])).toEqual({ exact: 0, f1: 0 });
  });

  test("count against the answer that fits best", () => {
    expect(scoreAnswer("Denver Broncos", ["Carolina", "the Denver Broncos"])).toEqual({ exact: 1, f1: 1 });
  });

  test("in Chinese go by characters, in their longest common run", () => {
    expect(normalizeChineseAnswer("《红楼梦》。")).toBe("红楼梦");
    expect(scoreAnswer("《红楼梦》", ["红楼梦"], "chinese")).toEqual({ exact: 1, f1: 1 });
    // 北京 of 北京市 and 在北京: 2 of 3 characters each.
    const { exact, f1 } = scoreAnswer("北京市", ["在北京"], "chinese");
    expect(exact).toBe(0);
    expectNumber(f1, 2 / 3, "transcendental");
  });

  // The script of CMRC 2018 (cmrc2018_evaluate.py) with NLTK's word tokenizer gives these.
  test.each([
    ["4.9 度", "4.9", 2 / 3], // a number is one token, not 4 . 9
    ["大约有30,000种。", "30,000种", 4 / 7],
    ["3.5", "5", 0],
    ["在 U.S. 北部", "U.S.", 4 / 7], // the last point before Chinese is a token by itself, as at the end
    ["相对论 (1915)", "(1915)", 2 / 3],
  ])("in Chinese take %s for %s with F1 %d", (predicted, answer, f1) => {
    expectNumber(scoreAnswer(predicted, [answer], "chinese").f1, f1, "transcendental");
  });
});

test("perplexity is e to the mean nats, bits per byte those of the text's bytes", () => {
  expectNumber(perplexity(3 * Math.log(5), 3), 5, "transcendental");
  expectNumber(bitsPerByte(16 * Math.LN2, 8), 2);
  expect(() => perplexity(0, 0)).toThrow("[perplexity] at least one token must be scored, got 0");
});
