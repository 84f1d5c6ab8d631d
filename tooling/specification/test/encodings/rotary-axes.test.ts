import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, integers } from "@relpos/conformance/cases";
import { concat, constant, type HostTensor, positions as range, run, slice, type Tensor, tensor } from "@relpos/core";
import {
  axialPairs,
  axialRope,
  mixedRope,
  mrope,
  mropeAxes,
  mropePositions,
  mropeSections,
  pixelAngles,
  pixelRope,
  rope,
  videoFrames,
} from "@relpos/core/encodings";
import { encodedAttention, initializeParameters, transformer } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { namedAs } from "../../src/parameters.js";
import { initialParameters, outputOf, scoresOf } from "../../src/rotary-case.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const shifted = (positions: HostTensor, offsets: readonly number[]): HostTensor => {
  const own = positions.data.length / offsets.length;
  return integers(
    Array.from(positions.data, (p, i) => p + (offsets[Math.floor(i / own)] as number)),
    positions.shape,
  );
};

/** An image of 2 × 3 tokens between two pieces of text. */
const picture = mropePositions([0, 0, 1, 1, 1, 1, 1, 1, 0], { images: [{ time: 1, height: 4, width: 6 }] });

describe("multimodal rotary embedding", () => {
  test("pairs of published models follow time, height and width as their code says", () => {
    const letters = (axes: readonly number[]) => axes.map((axis) => "THW"[axis]).join("");
    expect(letters(mropeAxes([16, 24, 24]))).toBe("T".repeat(16) + "H".repeat(24) + "W".repeat(24));
    expect(letters(mropeAxes([24, 20, 20], "interleaved"))).toBe(`${"THW".repeat(20)}TTTT`);
    expect(letters(mropeAxes([11, 11, 10], "interleaved"))).toBe(`${"THW".repeat(10)}TH`);
    expect(letters(mropeAxes([20, 22, 22], "alternating"))).toBe("HW".repeat(22) + "T".repeat(20));
    expect(mropeSections(64)).toEqual([16, 24, 24]);
    expect(mropeSections(64, "interleaved")).toEqual([24, 20, 20]);
    expect(mropeSections(64, "alternating")).toEqual([20, 22, 22]);
  });

  test("sections that do not fit are refused", async () => {
    expect(() => mropeAxes([1, 6, 1], "interleaved")).toThrow(
      'sections must fit the arrangement "interleaved", got 1,6,1',
    );
    await expect(scoresOf(backend, { encoding: mrope({ sections: [2, 3, 3] }) })).rejects.toThrow(
      "[mrope] sections must have 4 pairs together, got 8",
    );
  });

  test.each([
    {},
    { arrangement: "interleaved" },
    { arrangement: "alternating", interleaved: true, share: 0.5 },
  ] as const)("text alone is RoPE, with positions of every axis or of none: %o", async (options) => {
    const { positions } = mropePositions(Array(6).fill(0));
    const { interleaved = false, share = 1 } = { interleaved: false, share: 1, ...options };
    const expected = await scoresOf(backend, { encoding: rope({ base: 1_000_000, interleaved, share }) });
    expectClose(await scoresOf(backend, { encoding: mrope(options), positions }), expected, "exact");
    expectClose(await scoresOf(backend, { encoding: mrope(options) }), expected, "exact");
  });

  test("height and width are told apart, and only by their positions", async () => {
    const [time, height, width] = [0, 1, 2].map((axis) => picture.positions.data.slice(9 * axis, 9 * (axis + 1)));
    const swapped = integers(
      [time, width, height].flatMap((row) => [...(row as Int32Array)]),
      [3, 1, 9],
    );
    const turned = await scoresOf(backend, { encoding: mrope({ sections: [2, 1, 1] }), positions: picture.positions });
    const other = await scoresOf(backend, { encoding: mrope({ sections: [2, 1, 1] }), positions: swapped });
    expect(() => expectClose(other, turned, "composite")).toThrow("disagree");
    const alike = integers(
      [time, height, height].flatMap((row) => [...(row as Int32Array)]),
      [3, 1, 9],
    );
    const both = { encoding: mrope({ sections: [2, 1, 1] }), positions: alike };
    expectClose(
      await scoresOf(backend, both),
      await scoresOf(backend, { ...both, encoding: mrope({ sections: [2, 2, 0] }) }),
      "exact",
    );
  });

  test("scores depend on differences along each axis", async () => {
    const encoding = mrope({ arrangement: "interleaved" });
    const moved = shifted(picture.positions, [3, 40, 7]);
    expectClose(
      await scoresOf(backend, { encoding, positions: moved }),
      await scoresOf(backend, { encoding, positions: picture.positions }),
      "composite",
      { length: 64, magnitude: 8 },
    );
  });

  test("positions: pictures start where text ended, delta is what generation adds to its index", () => {
    expect([...picture.positions.data]).toEqual([
      ...[0, 1, 2, 2, 2, 2, 2, 2, 5],
      ...[0, 1, 2, 2, 2, 3, 3, 3, 5],
      ...[0, 1, 2, 3, 4, 2, 3, 4, 5],
    ]);
    expect(picture.delta).toBe(5 + 1 - 9);
    expect(mropePositions(Array(7).fill(0)).delta).toBe(0);
  });

  test("a video's frames are floor(frame · seconds · tokens a second) apart, the start added after", () => {
    const grid = { time: 3, height: 2, width: 2, timeScale: 0.4 * 2.6 };
    const { positions } = mropePositions([0, 2, 2, 2], { videos: [grid] });
    expect([...positions.data.slice(0, 4)]).toEqual([0, 1, 2, 3]);
    const fast = mropePositions([0, 2, 2, 2], { videos: [{ ...grid, timeScale: 0.5 }] });
    expect([...fast.positions.data.slice(0, 4)]).toEqual([0, 1, 1, 2]);
    expect(videoFrames(grid)).toHaveLength(3);
  });

  test("grids that do not fit the tokens are refused", () => {
    expect(() => mropePositions([1, 1])).toThrow("every image (1) and video (2) must have a grid");
    const images = [{ time: 1, height: 4, width: 4 }];
    expect(() => mropePositions([1, 1, 0, 0], { images })).toThrow("a picture must have 4 tokens, got 2");
    expect(() => mropePositions([1], { images: [{ time: 1, height: 3, width: 2 }] })).toThrow(
      "multiples of 2, got 3 and 2",
    );
  });

  test("a cache with positions on three axes gives what the whole gives", async () => {
    const encoding = mrope({ sections: [2, 1, 1] });
    const whole = await outputOf(backend, { encoding, positions: picture.positions });
    const stepped = await run(
      backend,
      (q, k, v, at) => {
        const part = (x: Tensor, axis: number, from: number, to: number) => slice(x, { [axis]: [from, to] });
        const options = { encoding, parameters: {}, causal: true, scale: 8 ** -0.5 };
        const of = (from: number, to: number) =>
          [q, k, v].map((x) => part(x as Tensor, 2, from, to)) as [Tensor, Tensor, Tensor];
        const early = part(at as Tensor, 2, 0, 5);
        const first = encodedAttention(...of(0, 5), { ...options, queryPositions: early, keyPositions: early });
        const late = { queryPositions: part(at as Tensor, 2, 5, 9), keyPositions: at as Tensor, past: first.present };
        return concat([first.output, encodedAttention(...of(5, 9), { ...options, ...late }).output], 2);
      },
      gaussian([1, 2, 9, 8], "q"),
      gaussian([1, 1, 9, 8], "k"),
      gaussian([1, 1, 9, 8], "v"),
      picture.positions,
    );
    expectClose(stepped, whole, "composite", { length: 9, magnitude: 8 });
  });
});

test("a model takes positions on three axes", async () => {
  const model = transformer({ vocabulary: 7, layers: 1, width: 16, heads: 2, position: mrope() });
  const weights = Object.values(initializeParameters(model.parameters, 3));
  const logits = (positions?: HostTensor) =>
    run(
      backend,
      (tokens, ...values) => {
        const input = { tokens: tokens as Tensor, positions: positions && constant(positions) };
        return model.forward(namedAs(model.parameters, values), input).logits;
      },
      integers([0, 1, 2, 3, 4, 5, 6, 0, 1], [1, 9]),
      ...weights,
    );
  const plain = await logits();
  expectClose(await logits(mropePositions(Array(9).fill(0)).positions), plain, "exact");
  const withPicture = await logits(picture.positions);
  expect(() => expectClose(withPicture, plain, "composite")).toThrow("disagree");
});

describe("rotary embedding on grids", () => {
  const grid = integers([0, 1, 2, 0, 1, 2, 0, 0, 0, 1, 1, 1], [2, 1, 6]);

  test("half of the pairs follow columns and half rows, with the same frequencies", () => {
    expect(axialPairs(8)).toEqual([
      { axis: 0, frequency: 1 },
      { axis: 0, frequency: 0.1 },
      { axis: 1, frequency: 1 },
      { axis: 1, frequency: 0.1 },
    ]);
    expect(axialPairs(2)).toEqual([{ axis: 0, frequency: 1 }]);
  });

  test.each([axialRope({ width: 3 }), mixedRope({ width: 3 })])(
    "$kind: tokens of a row-major grid are at column and row",
    async (encoding) => {
      expectClose(
        await scoresOf(backend, { encoding }),
        await scoresOf(backend, { encoding, positions: grid }),
        "exact",
      );
    },
  );

  test.each([axialRope({ width: 3 }), mixedRope({ width: 3 })])(
    "$kind: scores depend on steps in the grid, not on steps between tokens",
    async (encoding) => {
      const here = await scoresOf(backend, { encoding, positions: grid });
      const moved = await scoresOf(backend, { encoding, positions: shifted(grid, [11, 4]) });
      expectClose(moved, here, "composite", { length: 64, magnitude: 64 });
      const along = await scoresOf(backend, { encoding, positions: range(6, 1) });
      expect(() => expectClose(along, here, "composite", { length: 64, magnitude: 64 })).toThrow("disagree");
    },
  );

  test("rows and columns separate: one row of the grid is RoPE on half of the coordinates", async () => {
    const row = await scoresOf(backend, { encoding: axialRope({ width: 100 }) });
    const half = await scoresOf(backend, { encoding: rope({ base: 100, interleaved: true, share: 0.5 }) });
    expectClose(row, half, "composite", { length: 8, magnitude: 8 });
  });

  test("mixed frequencies have the magnitudes of half the pairs twice, in directions at right angles", () => {
    const { frequencies } = initialParameters(mixedRope({ width: 3 }));
    const [x, y] = [0, 1].map((axis) => frequencies?.data.slice(4 * axis, 4 * axis + 4) as Float64Array) as [
      Float64Array,
      Float64Array,
    ];
    const magnitudes = Array.from(x, (value, m) => Number(Math.hypot(value, y[m] as number).toFixed(6)));
    expect(magnitudes).toEqual([1, Number((10 ** -0.5).toFixed(6)), 1, Number((10 ** -0.5).toFixed(6))]);
    const across = (x[0] as number) * (x[2] as number) + (y[0] as number) * (y[2] as number);
    expectClose(tensor([across], [1]), tensor([0], [1]), "contraction", { length: 2 });
  });

  test("pixel coordinates run from −1 to 1, so a finer picture has the same corners", () => {
    const [coarse, fine] = [pixelAngles([2, 2], 2), pixelAngles([5, 9], 2)];
    expect(coarse[0]).toEqual(fine[0]);
    expect(coarse[3]).toEqual(fine[44]);
    expect(coarse[0]?.map((angle) => angle / Math.PI)).toEqual([-1, -5, -1, -5]);
  });

  test("pixel rotation leaves coordinates past the pairs, and a head too small for the axes is refused", async () => {
    const encoding = pixelRope({ sizes: [2, 3], pairsPerAxis: 1 });
    const at = range(6);
    const x = gaussian([1, 1, 6, 8], "x");
    const turned = await run(
      backend,
      (q, p) =>
        encoding.transform({
          query: q as Tensor,
          key: q as Tensor,
          queryPositions: p as Tensor,
          keyPositions: p as Tensor,
        }).query,
      x,
      at,
    );
    const tail = (value: HostTensor) => Array.from(value.data).filter((_, i) => i % 8 >= 4);
    expect(tail(turned)).toEqual(tail(x));
    await expect(scoresOf(backend, { encoding: pixelRope({ sizes: [2, 3] }), size: 2 })).rejects.toThrow(
      "[pixelRope] head size must be at least 4, got 2",
    );
  });
});
