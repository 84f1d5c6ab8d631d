import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { exactTensor, positions, run, type Tensor, tensor } from "@relpos/core";
import {
  learned,
  maskedPositions,
  scaledSinusoidal,
  sinusoidal,
  sinusoidalFrequencies,
  sinusoidalRow,
} from "@relpos/core/encodings";
import { afterAll, describe, expect, test } from "vitest";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const nothing = (width: number) => exactTensor(new Float64Array(4 * width), [1, 4, width]);

describe("sinusoidal", () => {
  test.each([8, 9])(
    "tensor2tensor's form of width %i: graph equals host, padding's row and an odd column are 0",
    async (width) => {
      const options = { layout: "concatenated", timescales: "tensor2tensor", paddingPosition: 1 } as const;
      const rows = [0, 1, 2, 3].flatMap((position) => [...sinusoidalRow(position, width, options)]);
      expect(rows.slice(width, 2 * width)).toEqual(Array(width).fill(0));
      if (width % 2 === 1) expect(rows[3 * width - 1]).toBe(0);
      const sum = await run(
        backend,
        (x, p) => sinusoidal(options).embed({ x: x as Tensor, positions: p as Tensor }),
        nothing(width),
        positions(4),
      );
      expectClose(sum, exactTensor(rows, [1, 4, width]), "composite");
    },
  );

  test("the paper's time scales need an even width", () => {
    expect(() => sinusoidalFrequencies(9)).toThrow("[sinusoidal] width must be even, got 9");
  });

  test("the trained factor begins at 1/√D and multiplies the table", async () => {
    const shape = { width: 16, layers: 1, heads: 2, kvHeads: 2, headSize: 8 };
    const encoding = scaledSinusoidal();
    const { data } = encoding.parameters(shape).scale!.initialize([0, 0], [1]);
    expect([...data]).toEqual([0.25]);
    const sum = await run(
      backend,
      (x, p, scale) =>
        encoding.embed({ x: x as Tensor, positions: p as Tensor, parameters: { scale: scale as Tensor } }),
      nothing(8),
      positions(4),
      exactTensor([0.3], [1]),
    );
    const options = { layout: "concatenated", scale: 0.3 } as const;
    const rows = [0, 1, 2, 3].flatMap((position) => [...sinusoidalRow(position, 8, options)]);
    expectClose(sum, exactTensor(rows, [1, 4, 8]), "composite");
  });
});

describe("learned", () => {
  test("rows are scaled by 1/√D or brought to length 1", async () => {
    const weight = gaussian([4, 4]);
    const row = weight.data.slice(8, 12);
    const length = Math.hypot(...row);
    for (const [rows, factor] of [
      ["scaled", 0.5],
      ["unit", 1 / length],
    ] as const) {
      const sum = await run(
        backend,
        (w, x, p) => {
          const parameters = { weight: w as Tensor };
          return learned({ maximumPositions: 4, rows }).embed({ parameters, x: x as Tensor, positions: p as Tensor });
        },
        weight,
        exactTensor(new Float64Array(4), [1, 1, 4]),
        positions(1, 2),
      );
      const expected = Float64Array.from(row, (value) => value * factor);
      expectClose(sum, exactTensor(expected, [1, 1, 4]), "composite");
    }
  });

  test("positions among the tokens that are not padding", async () => {
    const mask = tensor([0, 0, 1, 1, 1, 1, 1, 1, 0, 1], [2, 5], "int32");
    const found = await run(backend, (m) => maskedPositions(m as Tensor), mask);
    expect([...found.data]).toEqual([-1, -1, 0, 1, 2, 0, 1, 2, -1, 3]);
  });
});
