import { expectClose } from "@relpos/conformance";
import { gaussian, integers } from "@relpos/conformance/cases";
import { concat, exactTensor, type HostTensor, run, slice, type Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import {
  distanceMatrix,
  dualChunk,
  dualChunkDistance,
  dualChunkScale,
  dualChunkSizes,
  linearScaling,
  lmInfinite,
  lmInfiniteDistance,
  logTemperatureAt,
  type PositionEncoding,
  type RopeScaling,
  rerope,
  reropeDistance,
  rope,
  rotate,
  selfExtend,
  selfExtendDistance,
  streamingDistance,
  streamingLlm,
  yarn,
  yarnTemperature,
} from "@relpos/core/encodings";
import { encodedAttention } from "@relpos/core/nn";
import { describe, expect, test } from "vitest";
import { scoresOf } from "../../src/attention-case.js";
import { constantOf, dot, exact, range } from "../../src/host-numbers.js";
import { useBackends } from "../use-backends.js";

const backends = useBackends();

const size = 4;
const scale = 0.5;

/** An encoding and the distance that it gives a pair; undefined for keys that it hides. */
interface Remap {
  readonly encoding: PositionEncoding;
  readonly distance: (query: number, key: number) => number | undefined;
  /** Shift of all positions after which scores are the same. */
  readonly period: number;
}

const groups = { group: 3, window: 4 };
const chunks = { chunk: 6, window: 2 };
const sinks = { sinks: 2, window: 3 };
const remaps: Readonly<Record<string, Remap>> = {
  "self-extend": {
    encoding: selfExtend(groups),
    distance: (i, j) => selfExtendDistance(i, j, groups),
    period: 3,
  },
  "self-extend, whole shift": {
    encoding: selfExtend({ ...groups, wholeShift: true }),
    distance: (i, j) => selfExtendDistance(i, j, { ...groups, wholeShift: true }),
    period: 3,
  },
  rerope: { encoding: rerope({ window: 4 }), distance: (i, j) => reropeDistance(i - j, { window: 4 }), period: 1 },
  "leaky rerope": {
    encoding: rerope({ window: 3, leak: 2.5 }),
    distance: (i, j) => reropeDistance(i - j, { window: 3, leak: 2.5 }),
    period: 1,
  },
  "dual chunk": { encoding: dualChunk(chunks), distance: (i, j) => dualChunkDistance(i, j, chunks), period: 4 },
  "self-extend over scaled frequencies": {
    encoding: selfExtend({ ...groups, scaling: linearScaling({ factor: 2 }) }),
    distance: (i, j) => selfExtendDistance(i, j, groups) / 2,
    period: 3,
  },
  "streaming llm": {
    encoding: streamingLlm(sinks),
    distance: (i, j) => streamingDistance(i, j, sinks),
    period: Number.POSITIVE_INFINITY,
  },
  "lm-infinite": {
    encoding: lmInfinite(sinks),
    distance: (i, j) => lmInfiniteDistance(i, j, sinks),
    period: Number.POSITIVE_INFINITY,
  },
};

/** Scores [B, H, Q, K] of an encoding at positions [B, Q] and [B, K]. */
function scoresAt(
  encoding: PositionEncoding,
  query: HostTensor,
  key: HostTensor,
  [queryPositions, keyPositions]: readonly HostTensor[],
  backend = backends()[0] as Backend,
): Promise<HostTensor> {
  return scoresOf(backend, { encoding, query, key, queryPositions, keyPositions, scale });
}

const vectorOf = ({ data }: HostTensor, index: number) => data.subarray(size * index, size * (index + 1));

/** scale·q·R(−n)k by the host for the pairs that have a distance n; what the graph gave elsewhere. */
function scoresByDistance(
  distance: Remap["distance"],
  query: HostTensor,
  key: HostTensor,
  at: readonly [HostTensor, HostTensor],
  actual: HostTensor,
): HostTensor {
  const [, heads, queries] = query.shape as readonly [number, number, number];
  const [, kvHeads, keys] = key.shape as readonly [number, number, number];
  const values = actual.data.map((given, index) => {
    const [j, i] = [index % keys, Math.floor(index / keys) % queries];
    const [head, row] = [Math.floor(index / keys / queries) % heads, Math.floor(index / keys / queries / heads)];
    const [p, r] = [at[0].data[row * queries + i] as number, at[1].data[row * keys + j] as number];
    const n = r > p ? undefined : distance(p, r);
    if (n === undefined) return given;
    const kvHead = Math.floor(head / (heads / kvHeads));
    const q = vectorOf(query, (row * heads + head) * queries + i);
    return scale * dot(q, rotate(vectorOf(key, (row * kvHeads + kvHead) * keys + j), -n));
  });
  return exactTensor(values, actual.shape);
}

const rowsAt = (...rows: readonly (readonly number[])[]) => integers(rows.flat(), [rows.length, rows[0]?.length ?? 0]);

describe("hooks give q·R(−n)k with the distance n of the host function", () => {
  test.each(Object.entries(remaps))("%s, grouped heads, fewer queries than keys", async (_, { encoding, distance }) => {
    const [query, key] = [gaussian([2, 4, 3, size], "q"), gaussian([2, 2, 14, size], "k")];
    const at = [rowsAt(range(3, 11), range(3, 14)), rowsAt(range(14), range(14, 3))] as const;
    for (const backend of backends()) {
      const actual = await scoresAt(encoding, query, key, at, backend);
      const expected = scoresByDistance(distance, query, key, at, actual);
      expectClose(actual, expected, "composite", { length: size, magnitude: 10 });
    }
  });

  test.each(["streaming llm", "lm-infinite"])("%s hides what is neither a sink nor recent", async (name) => {
    const { encoding, distance } = remaps[name] as Remap;
    const scores = await scoresAt(encoding, gaussian([1, 1, 9, size]), gaussian([1, 1, 9, size]), [
      rowsAt(range(9)),
      rowsAt(range(9)),
    ]);
    const hidden = Array.from(scores.data, (score) => score < -1e38);
    const expected = Array.from({ length: 81 }, (_, pair) => {
      const [i, j] = [Math.floor(pair / 9), pair % 9];
      return j <= i && distance(i, j) === undefined;
    });
    expect(hidden).toEqual(expected);
  });
});

describe("distances are those of encodings.md A.6", () => {
  const row = (index: number, distance: (query: number, key: number) => number) =>
    Array.from(distanceMatrix(12, distance).subarray(12 * index, 12 * (index + 1)), (n) => Number(n.toFixed(3)));

  test("Self-Extend", () => {
    const last = (options: object) => row(11, (i, j) => selfExtendDistance(i, j, options));
    expect(last({ group: 4, window: 4 })).toEqual([5, 5, 5, 5, 4, 4, 4, 4, 3, 2, 1, 0]);
    expect(last({ group: 3, window: 4 })).toEqual([5.667, 5.667, 5.667, 4.667, 4.667, 4.667, 3.667, 3.667, 3, 2, 1, 0]);
    expect(last({ group: 3, window: 4, wholeShift: true })).toEqual([6, 6, 6, 5, 5, 5, 4, 4, 3, 2, 1, 0]);
  });

  test("ReRoPE, leaky or not", () => {
    const last = (options: object) => row(11, (i, j) => reropeDistance(i - j, options));
    expect(last({ window: 4 })).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 3, 2, 1, 0]);
    expect(last({ window: 4, leak: 4 })).toEqual([5.75, 5.5, 5.25, 5, 4.75, 4.5, 4.25, 4, 3, 2, 1, 0]);
  });

  test("dual chunks", () => {
    const at = (index: number) => row(index, (i, j) => dualChunkDistance(i, j, chunks)).slice(0, index + 1);
    expect(at(5)).toEqual([5, 4, 3, 2, 1, 0]);
    expect(at(9)).toEqual([6, 5, 4, 3, 5, 4, 3, 2, 1, 0]);
    expect(at(11)).toEqual([6, 5, 4, 3, 6, 5, 4, 3, 3, 2, 1, 0]);
  });

  test("no distance leaves those of training", () => {
    const [trained, group, window] = [16, 4, 8];
    const longest = (trained - window) * group + window;
    expect(selfExtendDistance(longest - 1, 0, { group, window })).toBeLessThan(trained);
    expect(Math.max(...distanceMatrix(64, (i, j) => dualChunkDistance(i, j, dualChunkSizes(16))))).toBe(12);
    expect(Math.max(...distanceMatrix(64, (i, j) => streamingDistance(i, j, sinks) ?? 0))).toBe(4);
    expect(dualChunkSizes(4096)).toEqual({ chunk: 3072, window: 512 });
  });
});

describe("settings without effect leave RoPE", () => {
  const cases: Readonly<Record<string, PositionEncoding>> = {
    "Self-Extend with groups of one": selfExtend({ group: 1, window: 3 }),
    "Self-Extend with a window of the length": selfExtend({ group: 4, window: 9 }),
    "ReRoPE with a window of the length": rerope({ window: 9 }),
    "leaky ReRoPE with a leak of 1": rerope({ window: 2, leak: 1 }),
    "a log-n factor below the training length": rerope({ window: 9, trainLength: 9 }),
    "dual chunks of the length": dualChunk({ chunk: 11, window: 2, maximumPosition: 9 }),
    "streaming with a window of the length": streamingLlm({ window: 9 }),
    "LM-Infinite with a window of the length": lmInfinite({ window: 9 }),
  };
  test.each(Object.entries(cases))("%s", async (_, encoding) => {
    const [query, key] = [gaussian([1, 2, 9, size], "q"), gaussian([1, 2, 9, size], "k")];
    const at = [rowsAt(range(9)), rowsAt(range(9))];
    const plain = await scoresAt(rope(), query, key, at);
    const visible = (scores: HostTensor) =>
      exactTensor(
        scores.data.map((score, pair) => (pair % 9 <= Math.floor(pair / 9) % 9 ? score : 0)),
        scores.shape,
      );
    expectClose(visible(await scoresAt(encoding, query, key, at)), visible(plain), "composite", { magnitude: 10 });
  });
});

describe("translation", () => {
  const shifted = async (encoding: PositionEncoding, shift: number): Promise<number> => {
    const [query, key] = [gaussian([1, 1, 12, size], "q"), gaussian([1, 1, 12, size], "k")];
    const [from, to] = await Promise.all(
      [0, shift].map((start) => scoresAt(encoding, query, key, [rowsAt(range(12, start)), rowsAt(range(12, start))])),
    );
    const differences = Array.from((from as HostTensor).data, (score, pair) => {
      const later = pair % 12 > Math.floor(pair / 12);
      return later ? 0 : Math.abs(score - ((to as HostTensor).data[pair] as number));
    });
    return Math.max(...differences);
  };

  test.each(Object.entries(remaps).filter(([, { period }]) => Number.isFinite(period)))(
    "%s: scores stay under shifts by whole periods, and under others only where the period is 1",
    async (_, { encoding, period }) => {
      expect(await shifted(encoding, 2 * period)).toBeLessThan(1e-10);
      const other = await shifted(encoding, period + 1);
      if (period === 1) expect(other).toBeLessThan(1e-10);
      else expect(other).toBeGreaterThan(1e-3);
    },
  );

  test("a log-n factor and sinks are not invariant", async () => {
    expect(await shifted(rerope({ window: 4, trainLength: 4 }), 7)).toBeGreaterThan(1e-3);
    expect(await shifted(lmInfinite(sinks), 7)).toBeGreaterThan(1e-3);
  });
});

/** A scaling without its factor. */
const unfactored =
  (scaling: RopeScaling): RopeScaling["scaled"] =>
  (shape, length) => ({ ...scaling.scaled(shape, length), attentionFactor: 1 });

describe("factors on scores", () => {
  const ratios = async (warm: PositionEncoding, plain: PositionEncoding): Promise<readonly number[]> => {
    const [query, key] = [gaussian([1, 1, 8, size], "q"), gaussian([1, 1, 8, size], "k")];
    const at = [rowsAt(range(8)), rowsAt(range(8))];
    const [a, b] = [await scoresAt(warm, query, key, at), await scoresAt(plain, query, key, at)];
    return range(8).map((i) => (a.data[8 * i] as number) / (b.data[8 * i] as number));
  };

  test("log-n grows with the logarithm of the query's position from the training length on", async () => {
    const expected = range(8).map((i) => logTemperatureAt(i, { trainLength: 4 }));
    expect(expected.slice(0, 4)).toEqual([1, 1, 1, 1]);
    expectClose(exact(expected.slice(7)), exact([1.5]), "arithmetic");
    for (const warm of [
      { encoding: rerope({ window: 4, trainLength: 4 }), plain: rerope({ window: 4 }) },
      { encoding: selfExtend({ ...groups, trainLength: 4 }), plain: selfExtend(groups) },
    ]) {
      expectClose(exact(await ratios(warm.encoding, warm.plain)), exact(expected), "composite");
    }
  });

  test("YaRN's factor acts once on queries and once on keys, in every part", async () => {
    const scaling = yarn({ factor: 4, originalMaximum: 8, betaFast: 1e-9, betaSlow: 1e-10 });
    const factor = yarnTemperature(4) ** 2;
    for (const make of [
      (options: object) => rerope({ window: 3, ...options }),
      (options: object) => rerope({ window: 3, leak: 2, ...options }),
      (options: object) => dualChunk({ ...chunks, ...options }),
      (options: object) => lmInfinite({ sinks: 8, window: 3, ...options }),
    ]) {
      const actual = await ratios(make({ scaling }), make({ scaling: { ...scaling, scaled: unfactored(scaling) } }));
      expectClose(exact(actual), constantOf(factor, [8]), "composite");
    }
  });

  test("dual chunks sharpen all rows alike past the maximum position", async () => {
    const factor = dualChunkScale(8, 5) ** 2;
    expectClose(exact([factor]), exact([(0.05 * Math.log(1.6) + 1) ** 2]), "arithmetic");
    const actual = await ratios(dualChunk({ ...chunks, maximumPosition: 5 }), dualChunk(chunks));
    expectClose(exact(actual), constantOf(factor, [8]), "composite");
  });
});

describe("with a cache, in any pieces, attention is that of the whole", () => {
  test.each(Object.entries(remaps))("%s", async (_, { encoding }) => {
    const [query, key, value] = ["q", "k", "v"].map((name) => gaussian([1, 2, 13, size], name)) as [
      HostTensor,
      HostTensor,
      HostTensor,
    ];
    const attended = (ends: readonly number[]) =>
      run(
        backends()[0] as Backend,
        (q, k, v, p) => {
          let past: Parameters<typeof encodedAttention>[3]["past"];
          const outputs = ends.map((end, index) => {
            const piece = (x: Tensor, axis: number) => slice(x, { [axis]: [ends[index - 1] ?? 0, end] });
            const { output, present } = encodedAttention(
              piece(q as Tensor, 2),
              piece(k as Tensor, 2),
              piece(v as Tensor, 2),
              {
                encoding,
                parameters: {},
                queryPositions: piece(p as Tensor, 0),
                keyPositions: slice(p as Tensor, { 0: [0, end] }),
                past,
                causal: true,
                scale,
                softcap: 3,
              },
            );
            past = present;
            return output;
          });
          return concat(outputs, 2);
        },
        query,
        key,
        value,
        integers(range(13), [13]),
      );
    const whole = await attended([13]);
    for (const ends of [[12, 13], [1, 2, 3, 13], range(13, 1)]) {
      expectClose(await attended(ends), whole, "composite", { length: 13, magnitude: 10 });
    }
  });
});

test("settings out of range are refused with the rule and the value", () => {
  expect(() => selfExtend({ group: 0 })).toThrow("[selfExtend] group must be whole and positive, got 0");
  expect(() => rerope({ leak: 0.5 })).toThrow("[rerope] leak must be at least 1, got 0.5");
  expect(() => rerope({ trainLength: 1 })).toThrow("[logTemperature] length must be at least 2, got 1");
  expect(() => dualChunk({ chunk: 4, window: 4 })).toThrow(
    "[dualChunk] chunk and window must be whole with 0 ≤ window < chunk, got 4 and 4",
  );
  expect(() => lmInfinite({ window: 0 })).toThrow("[lmInfinite] window must be whole and positive, got 0");
});
