import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, integers } from "@relpos/conformance/cases";
import { exactTensor, type HostTensor, positions as range, slice, type Tensor } from "@relpos/core";
import {
  alibi,
  clippedFrequencies,
  clippedRope,
  combine,
  counterRotation,
  drope,
  fope,
  fopeFrequencies,
  hope,
  hopeFrequencies,
  megaBias,
  none,
  type PositionEncoding,
  pope,
  popeFrequencies,
  rope,
  ropeFrequencies,
  xpos,
  xposDecay,
} from "@relpos/core/encodings";
import { encodedAttention } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { exact } from "../../src/host-numbers.js";
import { namedAs } from "../../src/parameters.js";
import { initialParameters, outputOf, scoresOf } from "../../src/rotary-case.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const size = 8;
const context = { length: 64, magnitude: 64 };
const rounded = (values: ArrayLike<number>) => Array.from(values, (value) => Number(value.toFixed(6)));

/** The lower triangle, 0 elsewhere: what a causal query sees. */
const visible = (scores: HostTensor): HostTensor => {
  const length = scores.shape.at(-1) as number;
  const kept = scores.data.map((x, i) => (i % length > Math.floor(i / length) % length ? 0 : x));
  return { ...scores, data: kept as Float64Array };
};

describe("scores depend on differences of positions only", () => {
  const relative: readonly PositionEncoding[] = [
    xpos(),
    xpos({ centre: "x-transformers", interleaved: false }),
    xpos({ centre: 3 }),
    pope({ initial: "uniform" }),
    hope({ trainLength: 20 }),
    clippedRope(),
    megaBias(),
    counterRotation(),
    drope({ phase: "pretraining" }),
  ];
  test.each(relative)("$kind $settings", async (encoding) => {
    const here = await scoresOf(backend, { encoding });
    expectClose(await scoresOf(backend, { encoding, positions: range(6, 1000) }), here, "composite", context);
  });

  test("but not of FoPE, whose mixtures are not rotations", async () => {
    const encoding = fope({ trainLength: 1000 });
    const here = await scoresOf(backend, { encoding });
    const far = await scoresOf(backend, { encoding, positions: range(6, 1000) });
    expect(() => expectClose(far, here, "composite", context)).toThrow("disagree");
  });
});

describe("xpos", () => {
  test("ζ of eight coordinates are those of encodings.md A.5", () => {
    expect(rounded(xposDecay(8))).toEqual([0.285714, 0.464286, 0.642857, 0.821429]);
  });

  test("fades the scores of RoPE pair by pair, and is RoPE where nothing fades", async () => {
    const plain = await scoresOf(backend, { encoding: rope({ interleaved: true }) });
    const slow = await scoresOf(backend, { encoding: xpos({ scaleBase: 1e15 }) });
    expectClose(slow, plain, "composite", context);
    const faded = await scoresOf(backend, { encoding: xpos({ scaleBase: 16 }) });
    expect(() => expectClose(faded, plain, "composite", context)).toThrow("disagree");
  });

  test("every centre gives the same scores; a fixed one allows turned keys in a cache", async () => {
    const middle = await scoresOf(backend, { encoding: xpos() });
    expectClose(await scoresOf(backend, { encoding: xpos({ centre: 0 }) }), middle, "composite", context);
    expect([xpos().cache, xpos({ centre: 0 }).cache]).toEqual(["raw-keys", "rotated-keys"]);
  });

  test("stays finite at 65,536 positions, where ζ^(−t/512) from 0 is past float32", async () => {
    const positions = integers([0, 1, 65_534, 65_535], [4]);
    const far = await scoresOf(backend, { encoding: xpos(), positions });
    expect(visible(far).data.every((x) => Number.isFinite(x))).toBe(true);
    const extreme = (xposDecay(8)[0] as number) ** (-65_536 / 512);
    expect(Math.fround(extreme)).toBe(Number.POSITIVE_INFINITY);
    expect(Math.fround(Math.sqrt(extreme))).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

describe("pope", () => {
  test("a score is Σ softplus(q)·softplus(k)·cos((i − j)·ω − δ)", async () => {
    const delta = [-0.1, -0.5, -1, -2, -3, -4, -5, -6];
    const parameters = { bias: exactTensor(delta, [1, 1, size]) };
    const [q, k] = [gaussian([1, 2, 6, size], "q").data, gaussian([1, 1, 6, size], "k").data];
    const softplus = (x: number) => Math.log1p(Math.exp(x));
    const frequencies = popeFrequencies(size);
    const expected = Array.from({ length: 72 }, (_, index) => {
      const [row, j] = [Math.floor(index / 6), index % 6];
      const terms = Array.from(frequencies, (frequency, m) => {
        const magnitude = softplus(q[row * size + m] as number) * softplus(k[j * size + m] as number);
        return magnitude * Math.cos(((row % 6) - j) * frequency - (delta[m] as number));
      });
      return terms.reduce((sum, term) => sum + term, 0) / Math.sqrt(size);
    });
    const actual = await scoresOf(backend, { encoding: pope(), parameters });
    expectClose(actual, exactTensor(expected, [1, 2, 6, 6]), "composite", context);
  });

  test("δ is kept between −2π and 0", async () => {
    const bias = (value: number) => ({ bias: exactTensor(Array(size).fill(value), [1, 1, size]) });
    const zero = await scoresOf(backend, { encoding: pope(), parameters: bias(0) });
    expectClose(await scoresOf(backend, { encoding: pope(), parameters: bias(1) }), zero, "exact");
    expectClose(await scoresOf(backend, { encoding: pope(), parameters: bias(-7) }), zero, "composite", context);
  });
});

describe("changed frequencies", () => {
  test("FoPE keeps frequencies above 2π/L, HoPE sets the others to 0", () => {
    const all = ropeFrequencies(16);
    const kept = all.filter((frequency) => frequency > (2 * Math.PI) / 512);
    expect([...fopeFrequencies(16, 512)]).toEqual([...kept]);
    expect([...hopeFrequencies(16, 512)]).toEqual([...kept, ...Array(8 - kept.length).fill(0)]);
    expect(fopeFrequencies(16, 2)).toHaveLength(1);
  });

  test("HoPE of an endless training length is RoPE; FoPE with identity mixtures is HoPE", async () => {
    const plain = await scoresOf(backend, { encoding: rope() });
    expectClose(await scoresOf(backend, { encoding: hope({ trainLength: 1e9 }) }), plain, "exact");
    const fourier = fope({ trainLength: 100, initialGain: 0 });
    const high = await scoresOf(backend, { encoding: hope({ trainLength: 100 }) });
    expectClose(await scoresOf(backend, { encoding: fourier }), high, "composite", context);
  });

  test("clipping fades the last 20 of 64 frequencies by half a cosine, or stops them", () => {
    const [all, soft] = [ropeFrequencies(128), clippedFrequencies(128)];
    expect([...soft.slice(0, 45)]).toEqual([...all.slice(0, 45)]);
    expect(soft[63]).toBe(0);
    const faded = ((all[54] as number) * (1 + Math.cos((Math.PI * 10) / 19))) / 2;
    expectClose(exact([soft[54] as number]), exact([faded]), "arithmetic");
    expect([...clippedFrequencies(128, { form: "hard" }).slice(43)]).toEqual([all[43], ...Array(20).fill(0)]);
    expect([...clippedFrequencies(128, { clipped: 0 })]).toEqual([...all]);
    expect(() => clippedFrequencies(8, { clipped: 5 })).toThrow("[clippedRope] clipped pairs must be at most 4, got 5");
  });

  test("DroPE is RoPE first and nothing after, to the bit, up to its temperature", async () => {
    const [before, after] = [drope({ phase: "pretraining" }), drope({ phase: "recalibration" })];
    expectClose(await outputOf(backend, { encoding: before }), await outputOf(backend, { encoding: rope() }), "exact");
    expectClose(await outputOf(backend, { encoding: after }), await outputOf(backend, { encoding: none() }), "exact");
    const warm = await scoresOf(backend, { encoding: drope({ phase: "recalibration", temperature: 2 }) });
    const plain = await scoresOf(backend, { encoding: none() });
    expectClose(warm, exactTensor(plain.data.map((x) => 2 * x) as Float64Array, plain.shape), "exact");
  });
});

describe("mega bias", () => {
  test("is one number for each difference, and (α, β) turned by it", async () => {
    const encoding = megaBias();
    const parameters = { alpha: gaussian([size], "a"), beta: gaussian([size], "b") };
    const [biased, plain] = [
      await scoresOf(backend, { encoding, parameters }),
      await scoresOf(backend, { encoding: none() }),
    ];
    const difference = biased.data.map((x, i) => x - (plain.data[i] as number)).slice(0, 36) as Float64Array;
    const [a, b] = [parameters.alpha.data, parameters.beta.data];
    const expected = Array.from({ length: 36 }, (_, index) => {
      const n = (index % 6) - Math.floor(index / 6);
      return Array.from(ropeFrequencies(size)).reduce((sum, w, m) => {
        const [re, im] = [
          (a[m] as number) * (b[m] as number) + (a[m + 4] as number) * (b[m + 4] as number),
          (a[m + 4] as number) * (b[m] as number) - (a[m] as number) * (b[m + 4] as number),
        ];
        return sum + re * Math.cos(n * w) + im * Math.sin(n * w);
      }, 0);
    });
    expectClose(exactTensor(difference, [6, 6]), exactTensor(expected, [6, 6]), "composite", context);
  });
});

describe("counter-rotation", () => {
  test("outputs do not change when all positions move; without it, turned values do", async () => {
    const encoding = counterRotation({ rotaryDimension: 4 });
    const here = await outputOf(backend, { encoding });
    expectClose(await outputOf(backend, { encoding, positions: range(6, 500) }), here, "composite", context);
    const { values: _, ...oneWay } = encoding;
    const [near, far] = [
      await outputOf(backend, { encoding: oneWay }),
      await outputOf(backend, { encoding: oneWay, positions: range(6, 500) }),
    ];
    expect(() => expectClose(far, near, "composite", context)).toThrow("disagree");
  });

  test("turns values in a combination too", async () => {
    const encoding = combine(alibi(), counterRotation());
    const here = await outputOf(backend, { encoding });
    expectClose(await outputOf(backend, { encoding, positions: range(6, 500) }), here, "composite", context);
    const scoresAlone = combine(alibi(), rope({ interleaved: true }));
    const other = await outputOf(backend, { encoding: scoresAlone });
    expect(() => expectClose(other, here, "composite", context)).toThrow("disagree");
  });

  test("the first coordinates of values stay, and a token alone gives its own value", async () => {
    const encoding = counterRotation({ rotaryDimension: 4 });
    const output = await outputOf(backend, { encoding, positions: range(1, 77) });
    const value = gaussian([1, 1, 1, size], "v").data;
    expectClose(output, exactTensor([...value, ...value], [1, 2, 1, size]), "composite", context);
    await expect(outputOf(backend, { encoding: counterRotation({ rotaryDimension: 10 }) })).rejects.toThrow(
      "[counterRotation] rotary dimension must be at most 8, got 10",
    );
  });
});

describe("gradients", () => {
  const trained: readonly PositionEncoding[] = [
    pope({ initial: "uniform" }),
    fope({ trainLength: 1000 }),
    megaBias(),
    counterRotation({ rotaryDimension: 4 }),
    xpos({ scaleBase: 16 }),
  ];
  test.each(trained)("$kind, with fewer queries than keys and grouped heads", async (encoding) => {
    const parameters = initialParameters(encoding);
    await checkGradients(backend, {
      f: (query, key, value, at, ...own) => {
        return encodedAttention(query as Tensor, key as Tensor, value as Tensor, {
          encoding,
          parameters: namedAs(parameters, own),
          queryPositions: slice(at as Tensor, { 1: [1, 3] }),
          keyPositions: at as Tensor,
          causal: true,
          scale: 0.4,
        }).output;
      },
      inputs: [
        gaussian([1, 2, 2, size], "q"),
        gaussian([1, 1, 3, size], "k"),
        gaussian([1, 1, 3, size], "v"),
        integers([3, 5, 9], [1, 3]),
        ...Object.values(parameters),
      ],
    });
  });
});
