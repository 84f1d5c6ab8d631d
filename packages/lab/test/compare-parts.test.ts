import { tensor } from "@relpos/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editDistance, nearest } from "../src/compare/nearest.js";
import type { CompareSettings } from "../src/compare/results.js";
import { completeOptions, defaultOptions, settingsDifference } from "../src/compare/settings.js";
import { median, summarizeEncoding, thinLosses } from "../src/compare/statistics.js";
import { checksum, crc32, decodeState, encodeState } from "../src/train/state-file.js";
import { madeUpResults } from "./made-up-results.js";

describe("statistics", () => {
  test("median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value <= middle).length;
        const above = values.filter((value) => value >= middle).length;
        expect(Math.min(below, above)).toBeGreaterThanOrEqual(values.length / 2);
      }),
    );
  });

  test("losses are all kept up to 400 steps; of more, at least 200 means that cover every step", () => {
    expect(thinLosses([3, 2, 1])).toEqual([
      { step: 1, loss: 3 },
      { step: 2, loss: 2 },
      { step: 3, loss: 1 },
    ]);
    for (const steps of [399, 400, 401, 600, 799, 12_345]) {
      const points = thinLosses(Array.from({ length: steps }, (_, step) => step));
      expect(points.length).toBeLessThanOrEqual(400);
      expect(points.length).toBeGreaterThanOrEqual(200);
      expect(points.at(-1)?.step).toBe(steps);
    }
    expect(thinLosses(Array.from({ length: 800 }, () => 2)).every(({ loss }) => loss === 2)).toBe(true);
  });

  test("median, least and greatest over seeds", () => {
    const { runs, problem, settings } = madeUpResults(["alibi"], [0, 1, 2]);
    const values = runs.map((run) => {
      const result = run.status === "finished" ? run.lengths[2] : undefined;
      return result?.possible ? result.scores.sliding!.perplexity : Number.NaN;
    });
    const encoding = { name: "alibi", summary: "", kind: "alibi", settings: {} };
    const summary = summarizeEncoding(encoding, runs, problem, settings.testLengths);
    expect(summary.finishedSeeds).toEqual([0, 1, 2]);
    expect(summary.measures[1]?.lengths[2]).toEqual({
      length: 256,
      possible: true,
      median: median(values),
      minimum: Math.min(...values),
      maximum: Math.max(...values),
    });
  });
});

describe("a state file", () => {
  const state = {
    progress: { run: "abc", losses: [1.5, 0.1 + 0.2], milliseconds: [3, 4] },
    tensors: {
      weight: tensor([1, -2, 3.5, Math.PI, 5, 6], [2, 3]),
      exact: { shape: [2], dtype: "float32" as const, data: Float64Array.of(Math.PI, -0) },
      count: tensor([7], [], "int32"),
      empty: tensor([], [0, 4]),
      mask: tensor([1, 0, 1], [3], "bool"),
    },
  };

  test("comes back as it was", () => {
    expect(decodeState(encodeState(state))).toEqual(state);
    const pooled = decodeState(Buffer.concat([encodeState(state)]))!;
    expect(pooled).toEqual(state);
    for (const { data } of Object.values(pooled.tensors)) expect(data.buffer.byteLength).toBe(data.byteLength);
  });

  test("is refused when a byte is changed or missing", () => {
    const bytes = encodeState(state);
    for (let index = 0; index < bytes.length; index++) {
      const damaged = bytes.slice();
      damaged[index]! ^= 0x10;
      expect(decodeState(damaged), `byte ${index}`).toBeUndefined();
    }
    for (const length of [0, 10, 24, bytes.length - 1]) expect(decodeState(bytes.slice(0, length))).toBeUndefined();
  });

  test("has the checksum of zip", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    const { weight, count } = state.tensors;
    expect(checksum({ weight, count })).toBe(checksum({ count, weight }));
    expect(checksum({ weight })).not.toBe(checksum({ weight: tensor([1, -2, 3.5, Math.PI, 5, 7], [2, 3]) }));
  });
});

describe("settings", () => {
  const known = ["none", "rope", "alibi", "sinusoidal", "learned", "t5"];

  test("defaults follow what is given", () => {
    expect(completeOptions({}, known)).toEqual(defaultOptions);
    expect(completeOptions({ trainLength: 32, steps: 50 }, known)).toMatchObject({
      testLengths: [32, 64, 128],
      warmupSteps: 5,
    });
  });

  test("errors name rule, value and remedy", () => {
    const message = (options: Parameters<typeof completeOptions>[0]) => () => completeOptions(options, known);
    expect(message({ encodings: ["rop"] })).toThrow(/unknown encoding "rop" — did you mean "rope"\?/);
    expect(message({ width: 10, heads: 4 })).toThrow(
      "heads must divide width, got width 10 and 4 heads — try width 12",
    );
    expect(message({ steps: 0 })).toThrow("steps is a whole number above 0, got 0");
    expect(message({ learningRate: Number.NaN })).toThrow("learningRate is a number above 0, got NaN");
    expect(message({ seeds: [] })).toThrow("seeds is empty");
    expect(message({ testLengths: [1] })).toThrow("a test length is a whole number above 1, got 1");
  });

  test("the first difference is named; the order of keys is none", () => {
    const { settings } = madeUpResults();
    const turned = Object.fromEntries(Object.entries(settings).reverse()) as unknown as CompareSettings;
    expect(settingsDifference({ ...settings }, { ...turned })).toBeUndefined();
    expect(settingsDifference({ ...settings }, { ...settings, batch: 16 })).toBe("batch was 32 and is now 16");
  });

  test("the nearest name is found, and none where none is near", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(nearest("ALIBY", known)).toBe("alibi");
    expect(nearest("sinusiodal", known)).toBe("sinusoidal");
    expect(nearest("transformer", known)).toBeUndefined();
  });
});
