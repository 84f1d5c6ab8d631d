import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { exactTensor, type HostTensor, run, type Tensor, tensor } from "@relpos/core";
import {
  combine,
  type EncodingWith,
  llama4Temperature,
  llama4TemperatureAt,
  logTemperature,
  logTemperatureAt,
  ministralTemperature,
  ministralTemperatureAt,
  none,
  type PositionEncoding,
  rope,
} from "@relpos/core/encodings";
import { encodedAttention } from "@relpos/core/nn";
import { afterAll, expect, test } from "vitest";
import { scoresOf } from "../../src/attention-case.js";
import { checkGradients } from "../../src/check-gradients.js";
import { exact } from "../../src/host-numbers.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

type Temperature = EncodingWith<"temperature">;
const cases: readonly (readonly [string, Temperature, (position: number) => number])[] = [
  ["log-n", logTemperature({ trainLength: 8 }), (p) => logTemperatureAt(p, { trainLength: 8 })],
  ["Llama 4", llama4Temperature({ length: 4 }), (p) => llama4TemperatureAt(p, { length: 4 })],
  ["Llama 4, its own length", llama4Temperature(), (p) => llama4TemperatureAt(p)],
  [
    "Ministral",
    ministralTemperature({ length: 4, weight: 0.3 }),
    (p) => ministralTemperatureAt(p, { length: 4, weight: 0.3 }),
  ],
];
const at = [-2, 0, 3, 4, 7, 8, 8191, 100_000];
const places = (shape: readonly number[]) => tensor(at, shape, "int32");

test.each(cases)("%s: graph equals host function, for rows alike or not", async (_, encoding, host) => {
  const factors = (shape: readonly number[]) =>
    run(backend, (p) => encoding.temperature({ query: p as Tensor, key: p as Tensor, heads: 2 }), places(shape));
  const values = at.map(host);
  expectClose(await factors([8]), exact(values, [1, 1, 8, 1]), "transcendental");
  expectClose(await factors([2, 4]), exact(values, [2, 1, 4, 1]), "transcendental");
});

test("queries within the trained length keep their scores, later ones gain by the logarithm", () => {
  expect([0, 7].map((p) => logTemperatureAt(p, { trainLength: 8 }))).toEqual([1, 1]);
  expectClose(exact([logTemperatureAt(63, { trainLength: 8 })]), exact([2]), "arithmetic");
  expect([8190, 8191].map((p) => llama4TemperatureAt(p))).toEqual([1, 1 + 0.1 * Math.LN2]);
  expect([16_383, 16_384].map((p) => ministralTemperatureAt(p))).toEqual([1, 1 + 0.1 * Math.LN2]);
  expect(() => logTemperature({ trainLength: 1 })).toThrow("[logTemperature] length must be at least 2, got 1");
});

const [query, key] = [gaussian([1, 2, 3, 4], "q"), gaussian([1, 1, 3, 4], "k")];
const positionsOf = (first: number): HostTensor => tensor([first, first + 1, first + 3], [3], "int32");
const scores = (encoding: PositionEncoding, p: HostTensor) =>
  scoresOf(backend, { encoding, query, key, queryPositions: p, keyPositions: p, causal: false, scale: 1 });

test("scores are the products times the query's factor, beside a rotary embedding too", async () => {
  const [warm, plain] = [
    await scores(combine(rope(), logTemperature({ trainLength: 2 })), positionsOf(5)),
    await scores(rope(), positionsOf(5)),
  ];
  const factors = [5, 6, 8].map((p) => logTemperatureAt(p, { trainLength: 2 }));
  const expected = (plain.data as Float64Array).map(
    (value, index) => value * (factors[Math.floor(index / 3) % 3] as number),
  );
  expectClose(warm, exactTensor(expected, plain.shape), "contraction", { length: 4, magnitude: 10 });
});

test("they are not translation invariant, unlike no encoding (invariant 1)", async () => {
  for (const [, encoding] of cases.filter(([name]) => !name.includes("own"))) {
    const [here, there] = [await scores(encoding, positionsOf(0)), await scores(encoding, positionsOf(1000))];
    expect(() => expectClose(there, here, "composite")).toThrow("disagree");
  }
  expectClose(await scores(none(), positionsOf(1000)), await scores(none(), positionsOf(0)), "exact");
});

test.each(cases)("%s: gradients of queries and keys", async (_, encoding) => {
  await checkGradients(backend, {
    f: (q, k, p) => {
      const positions = { queryPositions: p as Tensor, keyPositions: p as Tensor };
      const options = { encoding, parameters: {}, ...positions, causal: true, scale: 0.5 };
      return encodedAttention(q as Tensor, k as Tensor, k as Tensor, options).output;
    },
    inputs: [query, key, positionsOf(20)],
  });
});
