import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import {
  concat,
  constant,
  exactTensor,
  type HostTensor,
  positions,
  run,
  slice,
  type Tensor,
  tensor,
} from "@relpos/core";
import {
  dynamicNtk,
  linearScaling,
  llama3,
  longRope,
  none,
  ntkAware,
  ntkBase,
  ntkByParts,
  type PositionEncoding,
  pairRange,
  proportional,
  type RopeOptions,
  type RopeScaling,
  rope,
  ropeFrequencies,
  rotate,
  scaledRopeFrequencies,
  yarn,
  yarnTemperature,
} from "@relpos/core/encodings";
import { encodedAttention, encodedScores } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { scoresOf } from "../../src/attention-case.js";
import { checkGradients } from "../../src/check-gradients.js";
import { useBackends } from "../use-backends.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const long = { shortFactors: [1, 1.1, 1.2, 1.3], longFactors: [1, 2, 4, 8], factor: 8 } as const;
const scalings: Readonly<Record<string, RopeScaling>> = {
  linear: linearScaling({ factor: 4 }),
  ntk: ntkAware({ factor: 4 }),
  "ntk-by-parts": ntkByParts({ factor: 4, originalMaximum: 64 }),
  yarn: yarn({ factor: 4, originalMaximum: 64 }),
  llama3: llama3({ factor: 8, originalMaximum: 64 }),
  proportional: proportional({ share: 0.5 }),
  dynamic: dynamicNtk({ factor: 2, originalMaximum: 4 }),
  longrope: longRope({ ...long, originalMaximum: 4 }),
};
const ints = (values: readonly number[], shape: readonly number[] = [values.length]) => tensor(values, shape, "int32");
const [query, key] = [gaussian([2, 4, 3, 8], "q"), gaussian([2, 2, 3, 8], "k")];

/** Scores [2, 4, 3, 3] of queries and keys that stand at the same positions. */
const scores = (encoding: PositionEncoding, at: HostTensor): Promise<HostTensor> =>
  scoresOf(backend, { encoding, query, key, queryPositions: at, keyPositions: at, causal: false, scale: 1 });

describe("published values (encodings.md A.3)", () => {
  const six = (value: number | undefined) => Number((value as number).toPrecision(6));
  test.each([
    [
      "Llama 2 × 16",
      { base: 1e4, dimension: 128 },
      yarn({ factor: 16, originalMaximum: 4096 }),
      [20, 46],
      { 21: 0.0469409, 30: 0.00852684, 46: 8.33451e-5, 63: 7.21739e-6 },
      1.27726,
    ],
    [
      "Qwen2.5 × 4",
      { base: 1e6, dimension: 128 },
      yarn({ factor: 4, originalMaximum: 32_768 }),
      [23, 40],
      { 24: 0.00537532, 39: 6.49039e-5, 40: 4.4457e-5 },
      1.13863,
    ],
  ] as const)("YaRN, %s", (_, shape, scaling, [low, high], values, factor) => {
    const { originalMaximum } = scaling.settings as { originalMaximum: number };
    expect(pairRange(shape, { originalMaximum, fast: 32, slow: 1 })).toEqual({ low, high });
    const { frequencies, attentionFactor } = scaling.scaled(shape, 0);
    for (const [m, value] of Object.entries(values)) expect(six(frequencies[Number(m)])).toBe(value);
    expect(six(attentionFactor)).toBe(factor);
  });

  test("YaRN without rounded pairs, gpt-oss", () => {
    const { low, high } = pairRange(
      { base: 150_000, dimension: 64 },
      { originalMaximum: 4096, fast: 32, slow: 1, truncate: false },
    );
    expect([low, high].map((pair) => pair.toFixed(9))).toEqual(["8.092779116", "17.398024502"]);
  });

  test("DeepSeek-V3's softmax factor is g(40, 1)², and its cosines keep their size", () => {
    const scaling = yarn({ factor: 40, originalMaximum: 4096, mscale: 1, mscaleAllDimensions: 1 });
    expect(six(scaling.softmaxFactor)).toBe(1.87385);
    expect(scaling.scaled({ base: 1e4, dimension: 64 }, 0).attentionFactor).toBe(1);
    expect(yarnTemperature(0.5)).toBe(1);
  });

  test("NTK bases, Llama 3.1, LongRoPE and Gemma 4", () => {
    expect(ntkBase({ base: 1e4, dimension: 128 }, 3).toFixed(4)).toBe("30527.7367");
    expect(ntkBase({ base: 1e4, dimension: 128 }, 4).toFixed(4)).toBe("40889.9424");
    const dynamic = dynamicNtk({ factor: 2, originalMaximum: 4096 }).scaled({ base: 1e4, dimension: 128 }, 8192);
    expect([dynamic.frequencies[1], dynamic.frequencies[32]].map(six)).toEqual([0.850994, 0.00572338]);
    const llama = llama3({ factor: 8, originalMaximum: 8192 }).scaled({ base: 5e5, dimension: 128 }, 0).frequencies;
    expect([28, 29, 33, 34, 63].map((m) => six(llama[m]))).toEqual([
      0.00321145, 0.00216657, 3.12694e-4, 1.78508e-4, 3.06893e-7,
    ]);
    const phi = longRope({ factor: 32, originalMaximum: 4096, longFactors: "ntk" });
    expect(six(phi.scaled({ base: 1e4, dimension: 64 }, 1).attentionFactor)).toBe(1.19024);
    const gemma = proportional({ share: 0.25 }).scaled({ base: 1e6, dimension: 512 }, 0).frequencies;
    expect(gemma.filter((frequency) => frequency > 0).length).toBe(64);
    expect([1, 63].map((m) => six(gemma[m]))).toEqual([0.947464, 0.0333762]);
  });
});

describe("frequencies (invariants 8, 15)", () => {
  const shape = { base: 1e4, dimension: 8 };
  test.each([
    linearScaling({ factor: 1 }),
    ntkAware({ factor: 1 }),
    ntkByParts({ factor: 1 }),
    yarn({ factor: 1, originalMaximum: 64 }),
    llama3({ factor: 1, originalMaximum: 64 }),
    proportional({ share: 1 }),
    dynamicNtk({ factor: 2, originalMaximum: 100 }),
    longRope({ factor: 1, originalMaximum: 64, longFactors: [1, 1, 1, 1] }),
  ])("%o is plain rope where it does nothing", (scaling) => {
    const { frequencies, attentionFactor } = scaling.scaled(shape, 100);
    expectClose(exactTensor(frequencies, [4]), exactTensor(ropeFrequencies(8), [4]), "arithmetic");
    expect(attentionFactor).toBe(1);
  });

  test.each(Object.entries(scalings))(
    "%s: they fall, and begin at 1 but for positions that are divided",
    (name, scaling) => {
      const { frequencies } = scaling.scaled(shape, 64);
      const turning = frequencies.filter((frequency) => frequency > 0);
      expect([...turning].sort((a, b) => b - a)).toEqual([...turning]);
      expect(new Set(turning).size).toBe(turning.length);
      expect(turning[0]).toBe(name === "linear" ? 0.25 : 1);
    },
  );

  test("YaRN keeps fast pairs and divides slow ones by s", () => {
    const [wide, range] = [
      { base: 1e4, dimension: 64 },
      { originalMaximum: 4096, fast: 32, slow: 1 },
    ] as const;
    const { low, high } = pairRange(wide, range);
    const [plain, scaled] = [
      ropeFrequencies(64),
      yarn({ factor: 8, originalMaximum: 4096 }).scaled(wide, 0).frequencies,
    ];
    expect(scaled.subarray(0, low + 1)).toEqual(plain.subarray(0, low + 1));
    expect(scaled.subarray(high)).toEqual(plain.subarray(high).map((frequency) => frequency / 8));
  });

  test("one pair alone keeps its frequency under NTK-aware bases", () => {
    expect([...ntkAware({ factor: 4 }).scaled({ base: 1e4, dimension: 2 }, 0).frequencies]).toEqual([1]);
  });

  test.each([
    [() => linearScaling({ factor: 0.5 }), "[linearScaling] factor must be at least 1, got 0.5"],
    [
      () => longRope({ ...long, originalMaximum: 4 }).scaled({ base: 1e4, dimension: 16 }, 9),
      "[longRope] factors must be one for each of 8 pairs, got 4",
    ],
    [() => proportional({ share: 2 }), "[proportional] share must be in [0, 1], got 2"],
  ])("wrong settings are refused: %#", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("turning", () => {
  const layouts: readonly RopeOptions[] = [
    {},
    { interleaved: true },
    { interleaved: true, written: "halves" },
    { written: "interleaved", share: 0.5 },
    { turned: "last", rotaryDimension: 4 },
    { turned: "last", rotaryDimension: 4, interleaved: true, written: "halves" },
  ];
  const cases = [
    ...layouts.map((options): [string, RopeOptions] => [JSON.stringify(options), options]),
    ...Object.entries(scalings).map(([name, scaling]): [string, RopeOptions] => [name, { scaling }]),
  ];

  test.each(cases)("graph equals host function, positions known or not, alike or by row: %s", async (_, options) => {
    const rows = [
      [0, 2, 3],
      [1, 5, 9],
    ] as const;
    const expected = (at: readonly (readonly number[])[]) =>
      exactTensor(
        Array.from({ length: 24 }, (_, index) => {
          const [batch, place] = [Math.floor(index / 12), index % 3];
          const vector = query.data.subarray(8 * index, 8 * index + 8);
          const own = at[batch] as readonly number[];
          return [...rotate(vector, own[place] as number, options, (own.at(-1) as number) + 1)];
        }).flat(),
        query.shape,
      );
    const turned = (q: Tensor, p: Tensor) =>
      rope(options).transform({ query: q, key: q, queryPositions: p, keyPositions: p }).query;
    const byRow = await run(backend, (q, p) => turned(q as Tensor, p as Tensor), query, ints(rows.flat(), [2, 3]));
    expectClose(byRow, expected(rows), "composite", { magnitude: 10 });
    const alike = await run(backend, (q, p) => turned(q as Tensor, p as Tensor), query, ints(rows[1]));
    expectClose(alike, expected([rows[1], rows[1]]), "composite", { magnitude: 10 });
    const known = await run(backend, (q) => turned(q as Tensor, constant(ints([6, 7, 8]))), query);
    expectClose(
      known,
      expected([
        [6, 7, 8],
        [6, 7, 8],
      ]),
      "composite",
      { magnitude: 10 },
    );
  });

  test("scores do not depend on the layout that is written, and halves of reordered coordinates are interleaved pairs", async () => {
    const at = ints([0, 4, 7]);
    const [interleaved, mixed] = [
      await scores(rope({ interleaved: true }), at),
      await scores(rope({ interleaved: true, written: "halves" }), at),
    ];
    expectClose(mixed, interleaved, "contraction", { length: 8, magnitude: 10 });
    const x = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const order = [0, 2, 4, 6, 1, 3, 5, 7];
    const half = rotate(
      order.map((place) => x[place] as number),
      3,
    );
    const pairs = rotate(x, 3, { interleaved: true });
    expect([...half]).toEqual(order.map((place) => pairs[place]));
  });

  test("scores depend on differences of positions, except across a switch of length (invariant 1)", async () => {
    const [here, there] = [ints([0, 1, 3]), ints([1000, 1001, 1003])];
    for (const [name, scaling] of Object.entries(scalings)) {
      const encoding = rope({ scaling });
      const [first, second] = [await scores(encoding, here), await scores(encoding, there)];
      const same = () => expectClose(second, first, "composite", { length: 8, magnitude: 1000 });
      if (scaling.rotations) expect(same, name).toThrow("disagree");
      else same();
    }
  });

  test("YaRN's scores are its factor squared times those of its frequencies (invariant 16)", async () => {
    const options = { factor: 4, originalMaximum: 64 };
    const [sharp, plain] = [
      await scores(rope({ scaling: yarn(options) }), ints([0, 2, 9])),
      await scores(rope({ scaling: yarn({ ...options, attentionFactor: 1 }) }), ints([0, 2, 9])),
    ];
    const factor = yarnTemperature(4) ** 2;
    const expected = exactTensor(
      (plain.data as Float64Array).map((value) => value * factor),
      plain.shape,
    );
    expectClose(sharp, expected, "contraction", { length: 8, magnitude: 10 });
  });

  test("a share of 0 is no encoding, bit for bit", async () => {
    const at = ints([3, 70, 900]);
    expectClose(await scores(rope({ scaling: proportional({ share: 0 }) }), at), await scores(none(), at), "exact");
  });

  test("dynamic NTK up to the original length is rope, bit for bit", async () => {
    const at = ints([0, 5, 9]);
    const scaling = dynamicNtk({ factor: 2, originalMaximum: 10 });
    expectClose(await scores(rope({ scaling }), at), await scores(rope(), at), "exact");
    expect(scaledRopeFrequencies(8, { scaling }, 10)).toEqual(scaledRopeFrequencies(8, {}, 10));
  });

  test.each(Object.entries(scalings))("%s: gradients of queries and keys", async (_, scaling) => {
    await checkGradients(backend, {
      f: (q, k) => {
        const at = constant(ints([1, 5, 9]));
        const places = { queryPositions: at, keyPositions: at };
        const options = { encoding: rope({ scaling, turned: "last", rotaryDimension: 8 }), parameters: {}, ...places };
        return encodedScores(q as Tensor, k as Tensor, { ...options, causal: true, scale: 0.5 });
      },
      inputs: [gaussian([1, 2, 3, 10], "q"), gaussian([1, 1, 3, 10], "k")],
    });
  });
});

describe("ONNX Runtime, where the length is not known before a run", () => {
  const backends = useBackends();
  test.each(["dynamic", "longrope"])("%s agrees with the oracle far out", async (name) => {
    const encoding = rope({ scaling: scalings[name] as RopeScaling });
    const [oracle, ort] = await Promise.all(
      backends().map((each) =>
        run(
          each,
          (q, k, p) => {
            const places = { queryPositions: p as Tensor, keyPositions: p as Tensor };
            const options = { encoding, parameters: {}, ...places, causal: false, scale: 1 };
            return encodedScores(q as Tensor, k as Tensor, options);
          },
          query,
          key,
          ints([100_000, 100_001, 100_003]),
        ),
      ),
    );
    expectClose(ort as HostTensor, oracle as HostTensor, "composite", { length: 8, magnitude: 10 });
  });
});

describe("a cache across the switch of length", () => {
  const [q, k, v] = ["q", "k", "v"].map((name) => gaussian([1, 2, 6, 8], name)) as [HostTensor, HostTensor, HostTensor];
  const part = (x: Tensor, from: number, to: number) => slice(x, { 2: [from, to] });
  /** The last two outputs of six, by one pass or after four tokens went through the cache. */
  const attendTo = (encoding: PositionEncoding, cached: boolean) =>
    run(
      backend,
      (query, key, value, p) => {
        const at = (from: number, to: number) => slice(p as Tensor, { 0: [from, to] });
        const common = { encoding, parameters: {}, causal: true, scale: 0.5 };
        const step = (from: number, to: number, past?: ReturnType<typeof encodedAttention>["present"]) => {
          const own = [query, key, value].map((x) => part(x as Tensor, from, to)) as [Tensor, Tensor, Tensor];
          const places = { queryPositions: at(from, to), keyPositions: at(0, to) };
          return encodedAttention(...own, { ...common, ...places, past });
        };
        if (!cached) return part(step(0, 6).output, 4, 6);
        const afterFive = step(4, 5, step(0, 4).present);
        return concat([afterFive.output, step(5, 6, afterFive.present).output], 2);
      },
      q,
      k,
      v,
      positions(6),
    );

  test.each(["dynamic", "longrope"])("%s: the last token's output is that of one pass", async (name) => {
    const encoding = rope({ scaling: scalings[name] });
    expect(encoding.cache).toBe("raw-keys");
    const [whole, stepped] = [await attendTo(encoding, false), await attendTo(encoding, true)];
    const last = (x: HostTensor) =>
      exactTensor(
        [...(x.data as Float64Array)].filter((_, index) => Math.floor(index / 8) % 2 === 1),
        [2, 8],
      );
    expectClose(last(stepped), last(whole), "composite", { length: 8, magnitude: 10 });
  });

  test("keys that were turned at another length are stale", async () => {
    const stale = { ...rope({ scaling: scalings.dynamic }), cache: "rotated-keys" } as const;
    const [whole, stepped] = [await attendTo(stale, false), await attendTo(stale, true)];
    expect(() => expectClose(stepped, whole, "composite", { length: 8, magnitude: 10 })).toThrow("disagree");
  });
});
