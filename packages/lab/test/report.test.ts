import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import type { CompareResults } from "../src/compare/results.js";
import { renderCurves } from "../src/report/curve-files.js";
import { linearAxis, logarithmicAxis } from "../src/report/curves.js";
import { html } from "../src/report/html.js";
import { renderReport } from "../src/report/report.js";
import { madeUpResults } from "./made-up-results.js";

let page = "";
let document: ReturnType<typeof parseHTML>["document"];

beforeAll(async () => {
  page = await renderReport(madeUpResults());
  document = parseHTML(page).document;
});

describe("the report", () => {
  test("refers to nothing outside of itself", () => {
    expect(page).not.toMatch(/\b(?:src|href|action|data|poster)\s*=/i);
    expect(page).not.toMatch(/@import|url\(|<script|<link|<iframe/i);
    expect(page.match(/https?:\/\/[^"'\s<]+/g) ?? []).toEqual([]);
  });

  test("holds a table, curves and pictures as SVG whose numbers are numbers", () => {
    const drawings = [...document.querySelectorAll("figure svg")];
    // Two curves by length, one by position, losses; four heads and a curve for each of two biases; one decay, one Gram.
    expect(drawings).toHaveLength(4 + 2 * 5 + 1 + 1);
    for (const svg of drawings) {
      expect(svg.getAttribute("viewBox")).toMatch(/^0 0 \d+ \d+$/);
      expect(svg.getAttribute("aria-label")).toBeTruthy();
      expect(svg.querySelectorAll("path, rect, line").length).toBeGreaterThan(0);
    }
    const shapes = page.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    for (const shape of shapes) expect(shape).not.toMatch(/NaN|Infinity|undefined/);
    expect(document.querySelectorAll("table").length).toBe(2 + 1 + 2);
  });

  test("gives its curves as files of their own, with a legend and without the page's style sheet", async () => {
    const results = madeUpResults();
    const files = await renderCurves(results);
    const measures = results.problem.measures.map(({ label }) => `${label.replaceAll(/[^a-z]+/g, "-")}.svg`);
    expect(Object.keys(files)).toEqual([
      ...measures,
      "nats-by-position-within-the-longest-window.svg",
      "training-loss.svg",
    ]);
    for (const text of Object.values(files)) {
      const svg = parseHTML(text).document.querySelector("svg")!;
      expect(svg.getAttribute("xmlns")).toBe("http://www.w3.org/2000/svg");
      const names = [...svg.querySelectorAll("g > text")].map(({ textContent }) => textContent);
      expect(names).toEqual(expect.arrayContaining([...results.settings.encodings]));
      expect(svg.querySelectorAll(".key")).toHaveLength(results.settings.encodings.length);
      for (const [, name] of text.matchAll(/var\((--[a-z0-9-]+)\)/g)) expect(text).toContain(`${name}: #`);
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test("says what is not possible, and why", () => {
    expect(page).toMatch(/title="its table has 64 positions">—<small>not possible<\/small>/);
    expect(page).toContain("learned, from length 128: its table has 64 positions");
  });

  test("shows settings, versions and the command", () => {
    for (const text of [
      "learning rate",
      "0.003",
      "onnxruntime-node",
      "1.30.0",
      "relpos compare --encodings rope,alibi",
    ]) {
      expect(page).toContain(text);
    }
  });

  test("follows light and dark, and fits a phone", () => {
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  test("escapes what users name", async () => {
    const results = madeUpResults();
    const problem = { ...results.problem, title: '<img src=x onerror="alert(1)">' };
    const renamed = await renderReport({ ...results, problem });
    expect(renamed).not.toContain("<img");
    expect(html`<b title="${'a"b'}">${"<i>"}${["x", 1]}${undefined}${false}</b>`.text).toBe(
      '<b title="a&quot;b">&lt;i&gt;x1</b>',
    );
  });

  test("stands a run that failed, a single seed, one encoding, and many", async () => {
    const results = madeUpResults(["rope"], [0]);
    const failed: CompareResults = {
      ...results,
      runs: [{ encoding: "rope", seed: 0, status: "failed", step: 17, reason: "its loss is no longer a number" }],
      encodings: [
        {
          ...results.encodings[0]!,
          finishedSeeds: [],
          failures: [{ seed: 0, step: 17, reason: "its loss is no longer a number" }],
          measures: results.problem.measures.map(({ label }) => ({
            label,
            lengths: results.settings.testLengths.map((length) => ({
              length,
              possible: false,
              reason: "no run finished",
            })),
          })),
        },
      ],
    };
    expect(await renderReport(failed)).toContain("rope, seed 0: failed at step 17");
    expect(await renderReport(results)).toContain("seed 0");
    const many = await renderReport(
      madeUpResults(
        Array.from({ length: 30 }, (_, index) => `encoding-${index}`),
        [0, 1],
      ),
    );
    expect(many).toContain("encoding-29");
  });
});

test("a linear axis ends where the values do, but is no narrower than a tenth of them", () => {
  expect(linearAxis(5, 20)).toMatchObject({ domain: [5, 20] });
  expect(linearAxis(99, 100)).toMatchObject({ domain: [94.5, 104.5] });
});

test("a logarithmic axis has round ticks around all values", () => {
  expect(logarithmicAxis(5.2, 88)).toEqual({ ticks: [5, 10, 20, 50, 100], domain: [5, 100] });
  expect(logarithmicAxis(3, 20)).toEqual({ ticks: [3, 4, 5, 7, 10, 15, 20], domain: [3, 20] });
  const { ticks, domain } = logarithmicAxis(4.1, 1.7e6);
  expect(domain).toEqual([1, 1e7]);
  expect(ticks.length).toBeLessThan(10);
});
