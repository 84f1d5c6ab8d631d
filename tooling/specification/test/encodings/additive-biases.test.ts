import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { type HostTensor, positions, run, type Tensor, tensor } from "@relpos/core";
import {
  alibi,
  alibiSlopes,
  bloomPositions,
  dynamicPositionBias,
  type EncodingWith,
  falconAlibi,
  falconAlibiBias,
  fire,
  graphormer,
  kerple,
  keyAlibi,
  type PositionEncoding,
  sandwich,
  sandwichBias,
  swin,
  t5,
  tisa,
} from "@relpos/core/encodings";
import { mapNamed } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { outputOf } from "../../src/attention-case.js";
import { at, biasAt, row } from "../../src/bias-at.js";
import { exact } from "../../src/host-numbers.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

describe("alibi's other forms", () => {
  test("MPT's slopes are those of the authors for any number of heads and any largest exponent", () => {
    for (const exponent of [8, 16]) {
      for (let heads = 1; heads <= 40; heads++) {
        const power = 2 ** Math.ceil(Math.log2(heads));
        const all = Array.from({ length: power }, (_, h) => 2 ** -((h + 1) * (exponent / power)));
        const mpt =
          power === heads
            ? all
            : [...all.filter((_, h) => h % 2 === 1), ...all.filter((_, h) => h % 2 === 0)].slice(0, heads);
        expectClose(exact(alibiSlopes(heads, exponent), [heads]), exact(mpt, [heads]), "arithmetic");
      }
    }
  });

  test("heads without a bias come last, and more heads than there are is refused", async () => {
    const bias = await biasAt(backend, alibi({ biasedHeads: 1 }), at(3), positions(4));
    expect(row(bias, 0)).toEqual([-3, -2, -1, 0].map((n) => n * 2 ** -8));
    expectClose(exact(row(bias, 1), [4]), exact([0, 0, 0, 0], [4]), "exact");
    await expect(biasAt(backend, alibi({ biasedHeads: 3 }), at(3), positions(4))).rejects.toThrow(
      "[alibi] heads with a bias must be at most 2, got 3",
    );
  });

  const [q, k, v] = ["q", "k", "v"].map((name) => gaussian([1, 2, 5, 4], name)) as [HostTensor, HostTensor, HostTensor];
  const attend = (encoding: PositionEncoding, place: HostTensor, mask?: HostTensor) =>
    outputOf(backend, { encoding, query: q, key: k, value: v, queryPositions: place, keyPositions: place, mask });

  test("rows of keys give the same attention as distances: softmax ignores a constant of each query", async () => {
    const whole = await attend(alibi(), positions(5));
    for (const encoding of [keyAlibi(), keyAlibi({ origin: "last" })]) {
      expectClose(await attend(encoding, positions(5)), whole, "composite", { length: 8, magnitude: 4 });
    }
  });

  test("left padding with positions from the mask is no padding", async () => {
    const counted = await run(
      backend,
      (mask) => bloomPositions(mask as Tensor),
      tensor([0, 0, 1, 1, 1, 1, 1, 1, 1, 1], [2, 5], "int32"),
    );
    expect([...counted.data]).toEqual([0, 0, 0, 1, 2, 0, 1, 2, 3, 4]);
    const padded = await attend(
      keyAlibi(),
      tensor(counted.data.subarray(0, 5), [1, 5], "int32"),
      tensor([0, 0, 1, 1, 1], [1, 1, 1, 5], "bool"),
    );
    const cut = (x: HostTensor) =>
      exact(
        Float64Array.from([0, 1].flatMap((head) => [...x.data.subarray(head * 20 + 8, head * 20 + 20)])),
        [1, 2, 3, 4],
      );
    const alone = await outputOf(backend, { encoding: alibi(), query: cut(q), key: cut(k), value: cut(v) });
    expectClose(cut(padded), alone, "composite", { length: 8, magnitude: 4 });
  });

  test("Falcon's positions share values from 256 on, and its bias is divided as asked", async () => {
    expect(falconAlibiBias(2, 257)).toEqual(falconAlibiBias(2, 256));
    expect(falconAlibiBias(2, 255)).not.toEqual(falconAlibiBias(2, 256));
    const bias = await biasAt(backend, falconAlibi({ factor: 0.5 }), at(300), at(0, 3, 257));
    expect(row(bias, 0)).toEqual([0, 3 * 2 ** -5, 2 ** 3]);
  });
});

describe("kerple", () => {
  const biasOf = (options: Parameters<typeof kerple>[0], parameters: Readonly<Record<string, readonly number[]>>) =>
    biasAt(
      backend,
      kerple(options),
      at(6),
      positions(7),
      mapNamed(parameters, (values) => exact(values)),
    );

  test("the power kernel with exponent 1 and the linear kernel are ALiBi with trained slopes", async () => {
    const a = [0.5, 0.25];
    const expected = exact(
      a.flatMap((slope) => [...positions(7).data].map((j) => -slope * Math.abs(6 - j))),
      [1, 2, 1, 7],
    );
    expectClose(await biasOf({ kernel: "power" }, { a, p: [1, 1] }), expected, "transcendental");
    expectClose(await biasOf({ kernel: "linear" }, { a }), expected, "exact");
  });

  test("parameters are held at 0.01 and exponents at 2", async () => {
    expectClose(
      await biasOf({}, { a: [-3, 0.5], p: [1, 0] }),
      await biasOf({}, { a: [0.01, 0.5], p: [1, 0.01] }),
      "transcendental",
    );
    const held = await biasOf({ kernel: "power" }, { a: [1, 1], p: [5, 0] });
    expectClose(held, await biasOf({ kernel: "power" }, { a: [1, 1], p: [2, 0.01] }), "transcendental");
  });

  test.each([{}, { kernel: "power" }] as const)(
    "falls strictly with the distance, and is conditionally positive definite: %o",
    async (options) => {
      const bias = await biasAt(backend, kerple(options), at(19), positions(20));
      for (const head of [0, 1]) {
        const values = row(bias, head);
        for (let j = 1; j < values.length; j++) expect(values[j]).toBeGreaterThan(values[j - 1] as number);
        for (let seed = 0; seed < 20; seed++) {
          const raw = Array.from(gaussian([20], seed).data);
          const centre = raw.reduce((sum, x) => sum + x, 0) / 20;
          let form = 0;
          for (let i = 0; i < 20; i++) {
            for (let j = 0; j < 20; j++) {
              const product = ((raw[i] as number) - centre) * ((raw[j] as number) - centre);
              form += product * (values[19 - Math.abs(i - j)] as number);
            }
          }
          expect(form).toBeGreaterThan(0);
        }
      }
    },
  );
});

describe("sandwich", () => {
  test("values are those of encodings.md §4.4", () => {
    const rounded = (n: number) => Array.from(sandwichBias(n, 8), (x) => Number(x.toFixed(6)));
    expect([1, 10, 1000].map((n) => rounded(n)[0])).toEqual([-1.446619, -19.340906, -53.389647]);
    for (const n of [1, 10, 1000]) expect(sandwichBias(n, 8)[7]).toBe((sandwichBias(n, 8)[0] as number) / 8);
  });

  test("is not monotone: it first rises from 13 to 14, and only 0 has the largest value", () => {
    const curve = Array.from({ length: 4096 }, (_, n) => sandwichBias(n, 8)[0] as number);
    const rises = curve.flatMap((value, n) => (n > 0 && value > (curve[n - 1] as number) ? [n] : []));
    expect([rises.length, rises[0]]).toEqual([1981, 14]);
    expect(Math.max(...curve.slice(1))).toBeLessThan(curve[0] as number);
  });

  test("graph equals host function, at consecutive positions and at others", async () => {
    const expected = [0, 1].flatMap((head) => [1000, 999, 3].map((n) => sandwichBias(n, 2)[head] as number));
    const scattered = await biasAt(backend, sandwich(), at(1000), at(0, 1, 997));
    expectClose(scattered, exact(expected, [1, 2, 1, 3]), "composite", { length: 128, magnitude: 8 });
  });
});

describe("translation", () => {
  const invariant: Readonly<Record<string, EncodingWith<"bias", string>>> = {
    alibi: alibi({ symmetric: true }),
    "kerple-log": kerple(),
    "kerple-power": kerple({ kernel: "power" }),
    sandwich: sandwich(),
    "dynamic-position-bias": dynamicPositionBias({ distance: "log" }),
    tisa: tisa(),
    graphormer: graphormer({ maximumDistance: 4 }),
    "fire before its threshold": fire(),
  };
  const shifted = (by: number) => [positions(3, 2 + by), positions(5, by)] as const;

  test.each(Object.entries(invariant))("%s depends on differences of positions only", async (_, encoding) => {
    const [near, far] = [
      await biasAt(backend, encoding, ...shifted(0)),
      await biasAt(backend, encoding, ...shifted(300)),
    ];
    expectClose(far, near, "composite", { length: 128, magnitude: 10 });
    const keys = 5;
    const value = (i: number, j: number) => exact([near.data[i * keys + j] as number]);
    expectClose(value(2, 3), value(1, 2), "composite", { length: 128, magnitude: 10 });
  });

  const varying: Readonly<Record<string, readonly [EncodingWith<"bias", string>, number]>> = {
    "fire past its threshold": [fire(), 1000],
    "swin across the end of a row": [swin({ height: 4, width: 3 }), 2],
  };
  test.each(Object.entries(varying))("%s depends on more", async (_, [encoding, by]) => {
    const [near, far] = [
      await biasAt(backend, encoding, ...shifted(0)),
      await biasAt(backend, encoding, ...shifted(by)),
    ];
    const largest = Math.max(...Array.from(near.data, (x, i) => Math.abs(x - (far.data[i] as number))));
    expect(largest).toBeGreaterThan(1e-4);
  });
});

test("T5's bias is multiplied as models ask for", async () => {
  const [plain, halved] = [
    await biasAt(backend, t5(), at(6), positions(7)),
    await biasAt(backend, t5({ factor: 0.5 }), at(6), positions(7)),
  ];
  expectClose(halved, exact(plain.data.map((x) => x / 2) as Float64Array, plain.shape), "exact");
});
