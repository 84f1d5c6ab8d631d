import { createReferenceBackend } from "@relpos/backend-reference";
import { type CatalogueEntry, catalogue } from "@relpos/catalogue";
import { tensor } from "@relpos/core";
import { fox, rope, yarn } from "@relpos/core/encodings";
import { normal, ones, uniform, uniformBetween, zeros } from "@relpos/core/nn";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { rounded } from "../src/compare/run-hook.js";
import { type Inspection, inspect, prepareInspection, renderInspection } from "../src/index.js";
import { spread } from "../src/inspect/draw-curves.js";
import { initialValuesOf, initialWords } from "../src/inspect/initial-values.js";
import { entropy, entropyLengths } from "../src/inspect/measure-entropy.js";
import { tickNumbers } from "../src/report/numbers.js";

const backend = createReferenceBackend();
const small = { heads: 2, headSize: 8, length: 16 };

describe("an inspection", () => {
  test("has the bias of every pair and its decay, by head", async () => {
    const { bias, scores, rotation, entropy } = await inspect("linear-bias", small, { backend });
    expect(bias?.positions).toEqual(Array.from({ length: 16 }, (_, position) => position));
    expect(bias?.groups.map(({ heads }) => heads)).toEqual([[0], [1]]);
    expect(bias?.groups[0]?.matrix[5]?.[2]).toBe(-3 / 16);
    expect(bias?.groups[1]?.curve[0]).toBe(rounded(-15 / 256));
    expect([scores, rotation]).toEqual([undefined, undefined]);
    expect(entropy.lengths).toEqual([16, 32, 64]);
    const [first, second] = entropy.groups;
    for (const index of [0, 1, 2]) {
      expect(first!.values[index]).toBeLessThan(second!.values[index]!);
      expect(second!.values[index]).toBeLessThan(entropy.uniform[index]!);
    }
  });

  test("reads wavelengths off rotations, whatever the layout, and scores off one repeated token", async () => {
    const layouts = [{}, { interleaved: true }, { written: "interleaved" as const }, { share: 0.5 }];
    for (const options of layouts) {
      const encodings = { made: entry("made", () => rope({ ...options, base: 100 })) };
      const { rotation, scores } = await inspect("made", small, { backend, encodings });
      const pairs = options.share ? 2 : 4;
      expect(rotation).toMatchObject({ still: 8 - 2 * pairs, lengths: [{ length: 16, groups: [{ heads: [0, 1] }] }] });
      const wavelengths = rotation!.lengths[0]!.groups[0]!.wavelengths;
      expect(wavelengths).toHaveLength(pairs);
      expect(wavelengths).toEqual(wavelengths.map((_, m) => rounded(2 * Math.PI * 100 ** (m / pairs))));
      expect(scores).toMatchObject({ kind: "score", samples: 16, query: 15, groups: [{ heads: [0, 1] }] });
      const { curve, matrix } = scores!.groups[0]!;
      expect(curve.at(-1)).toBe(Math.max(...curve));
      expect(matrix[9]![4]).toBe(curve[10]!);
    }
  });

  test("has wavelengths before and after scaling, and at a longer length where they differ there", async () => {
    const scaled = entry("scaled", () => rope({ scaling: yarn({ factor: 4, originalMaximum: 16 }) }));
    const { rotation } = await inspect("scaled", small, { backend, encodings: { scaled } });
    const after = rotation!.lengths[0]!.groups[0]!.wavelengths;
    const slowest = 2 * Math.PI * 1000;
    expect(rotation!.unscaled).toHaveLength(after.length);
    expect(rotation!.unscaled!.at(-1)).toBe(rounded(slowest));
    expect(after.at(-1)).toBe(rounded(4 * slowest));
    const dynamic = await inspect("rope-dynamic", small, { backend });
    expect(dynamic.rotation!.lengths.map(({ length }) => length)).toEqual([16, 64]);
    const [short, long] = dynamic.rotation!.lengths.map(({ groups }) => groups[0]!.wavelengths);
    expect(short!.at(-1)).toBe(rounded(slowest));
    expect(long!.at(-1)).toBe(rounded(4 * slowest));
  });

  test("stops where positions end, and shows encodings with state or without any hook", async () => {
    const learned = await inspect("learned", small, { backend });
    expect(learned.entropy.lengths).toEqual([16]);
    expect(learned.scores?.groups).toHaveLength(2);
    const none = await inspect("none", small, { backend });
    expect(Object.keys(none)).not.toContain("scores");
    expect(none.entropy.groups[0]!.values).toEqual(none.entropy.plain);
    const forgetting = await inspect("fox", small, { backend, encodings: { fox: entry("fox", () => fox()) } });
    const curve = forgetting.scores!.groups[0]!.curve;
    expect(curve.every((value, index) => index === 0 || value > curve[index - 1]!)).toBe(true);
  });

  test("looks both ways where attention does", async () => {
    const both = { ...catalogue.alibi!, attention: "bidirectional" as const };
    const { bias, entropy } = await inspect("alibi", small, { backend, encodings: { alibi: both } });
    expect(bias).toMatchObject({ query: 8, relative: Array.from({ length: 16 }, (_, key) => key - 8) });
    expect(bias!.groups[0]!.curve[9]).toBe(bias!.groups[0]!.curve[7]);
    expect(entropy.uniform[0]).toBe(rounded(Math.log(16)));
  });

  test("is plain data, and the same for a seed", async () => {
    const one = await inspect("t5", small, { backend });
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    expect(await inspect("t5", small, { backend })).toEqual(one);
    expect((await inspect("t5", { ...small, seed: 1 }, { backend })).bias).not.toEqual(one.bias);
  });

  test("refuses what it cannot do", async () => {
    expect(() => prepareInspection("ropee")).toThrow('unknown encoding "ropee" — did you mean "rope"?');
    expect(() => prepareInspection("rope", { heads: 0 })).toThrow("heads is a whole number above 0, got 0 — try 8");
    expect(() => prepareInspection("rope", { length: 1 })).toThrow("length is at least 2");
    expect(() => prepareInspection("rope", { length: 1e5 })).toThrow(/heads × length² is at most .* — try length 4096/);
    await expect(inspect("rope", { ...small, headSize: 7 }, { backend })).rejects.toThrow(
      /cannot inspect rope with 2 heads of size 7: .*even.* — try other sizes/,
    );
  });
});

describe("its page and drawings", () => {
  const pages = ["alibi", "rope", "none", "learned"].map((name) =>
    inspect(name, small, { backend }).then(async (inspection) => ({
      inspection,
      ...(await renderInspection(inspection)),
    })),
  );

  test("need nothing else, and hold numbers that are numbers", async () => {
    for (const { page, drawings } of await Promise.all(pages)) {
      expect(page).not.toMatch(/\b(?:src|href|action|data|poster)\s*=|@import|url\(|<script|<link|<iframe/i);
      expect(page.match(/https?:\/\/[^"'\s<]+/g) ?? []).toEqual([]);
      expect(page).toContain("prefers-color-scheme: dark");
      for (const svg of Object.values(drawings)) {
        expect(svg.match(/https?:\/\/[^"'\s<]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
        expect(svg).toContain("prefers-color-scheme: dark");
        expect(svg.replace(/<style>[\s\S]*?<\/style>/, "")).not.toMatch(/NaN|Infinity|undefined/);
      }
    }
  });

  test("have one name and description each, with an id of their own", async () => {
    for (const { page, drawings } of await Promise.all(pages)) {
      const { document } = parseHTML(page);
      const found = [...document.querySelectorAll("figure svg")];
      expect(found).toHaveLength(Object.keys(drawings).length);
      const ids = new Set<string>();
      for (const svg of found) {
        for (const [role, tag] of [
          ["labelledby", "title"],
          ["describedby", "desc"],
        ] as const) {
          const texts = [...svg.children].filter(({ tagName }) => tagName.toLowerCase() === tag);
          expect(texts).toHaveLength(1);
          expect(texts[0]!.textContent).toMatch(/\w/);
          expect(svg.getAttribute(`aria-${role}`)).toBe(texts[0]!.id);
          ids.add(texts[0]!.id);
        }
      }
      expect(ids.size).toBe(2 * found.length);
    }
  });

  test("are named for what they show", async () => {
    const files = (await Promise.all(pages)).map(({ drawings }) => Object.keys(drawings));
    expect(files).toEqual([
      ["bias-head-1.svg", "bias-head-2.svg", "bias-by-distance.svg", "entropy.svg"],
      ["score-all-heads.svg", "score-by-distance.svg", "wavelengths.svg", "entropy.svg"],
      ["entropy.svg"],
      ["score-head-1.svg", "score-head-2.svg", "score-by-distance.svg", "entropy.svg"],
    ]);
  });

  test("stand what is flat, hidden, bidirectional or made by many heads", async () => {
    const alibi = await inspect("alibi", { ...small, heads: 20 }, { backend });
    const flat = { ...alibi.bias!, groups: [{ heads: [0], matrix: [[0]], curve: alibi.bias!.relative.map(() => 0) }] };
    const far: Inspection = {
      ...alibi,
      settings: { ...alibi.settings, causal: false },
      bias: { ...flat, positions: [0] },
    };
    for (const inspection of [alibi, far]) {
      const { page } = await renderInspection(inspection);
      expect(page.replace(/<style>[\s\S]*?<\/style>/, "")).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

test("initial values are told from their numbers", () => {
  const words = (initialize: Parameters<typeof initialValuesOf>[0]["initialize"], shape = [8, 4]) =>
    initialWords(initialValuesOf({ initialize, shape }));
  expect(words(zeros)).toBe("zeros");
  expect(words(ones)).toBe("ones");
  expect(words(normal(0.02))).toMatch(/^Gaussian, deviation 0\.02/);
  expect(words(uniform(0.5))).toBe("uniform from −0.5 to 0.5");
  expect(words(uniformBetween(0, 2 * Math.PI), [64, 64])).toBe("uniform from 0 to 6.28");
  expect(words((_, shape) => tensor([1, 2, 3], shape), [3])).toBe("fixed values from 1.00 to 3.00");
});

test("entropy is that of the weights as shares", () => {
  expect(entropy([0.25, 0.25, 0.25, 0.25])).toBe(Math.log(4));
  expect(entropy([0, 3, 0])).toBe(0);
  expect(entropyLengths(256)).toEqual([64, 128, 256, 512, 1024]);
  expect(entropyLengths(256, 256)).toEqual([64, 128, 256]);
  expect(entropyLengths(8)).toEqual([8, 16, 32]);
});

test("labels are moved apart, and stay inside", () => {
  expect(spread([0, 1, 50], 100, 10)).toEqual([0, 10, 50]);
  expect(spread([95, 99, 100], 100, 10)).toEqual([80, 90, 100]);
  expect(spread([1], 100, 10)).toEqual([1]);
});

function entry(name: string, create: CatalogueEntry["create"]): CatalogueEntry {
  return { ...catalogue.rope!, name, aliases: [], create };
}

test("numbers on an axis differ where its ticks do", () => {
  expect([4.726, 4.728, 4.73].map(tickNumbers(4.724, 4.738))).toEqual(["4.726", "4.728", "4.730"]);
  expect([-0.06, 0, 0.04].map(tickNumbers(-0.07, 0.05))).toEqual(["−0.06", "0", "0.04"]);
  expect([50, 8.19].map(tickNumbers(8.19, 8.19))).toEqual(["50", "8.19"]);
});
