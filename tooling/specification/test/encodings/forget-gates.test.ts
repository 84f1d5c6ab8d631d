import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { between, gaussian } from "@relpos/conformance/cases";
import { constant, type HostTensor, positions, run, type Tensor } from "@relpos/core";
import {
  alibi,
  alibiSlopes,
  cable,
  forgetGateBiases,
  fox,
  gateDifferences,
  gateDistances,
  type PositionEncoding,
  wall,
} from "@relpos/core/encodings";
import { encodedScores } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { constantOf, exact, mapped, range, sum } from "../../src/host-numbers.js";
import {
  type Given,
  heads,
  key,
  length,
  loose,
  pairs,
  product,
  query,
  rowOf,
  scale,
  scoresOn,
  size,
  width,
} from "../../src/score-pairs.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const scores = (encoding: PositionEncoding, given?: Given) => scoresOn(backend, encoding, given);

describe("forgetting attention", () => {
  const weight = constantOf(0, [heads, width]);
  test("with a constant gate is ALiBi of slope −ln f", async () => {
    const bias = exact(
      Array.from(alibiSlopes(heads), (m) => -Math.log(Math.expm1(m))),
      [heads],
    );
    expectClose(await scores(fox(), { parameters: { weight, bias } }), await scores(alibi()), "composite", loose);
  });

  test("leaves the diagonal, and falls with the distance", async () => {
    const parameters = { weight: gaussian([heads, width], "w"), bias: gaussian([heads], "b") };
    const zero = constantOf(0, query.shape);
    const { data } = await scores(fox(), { parameters, query: zero, key: zero });
    for (let row = 0; row < heads * length; row++) {
      const own = row % length;
      const visible = [...data.slice(row * length, row * length + own + 1)];
      expect(visible[own]).toBe(0);
      for (let j = 1; j <= own; j++) expect(visible[j]).toBeGreaterThan(visible[j - 1] as number);
    }
  });

  test("biases keep e^(−1/τ), τ from the shortest to the longest", () => {
    const kept = Array.from(forgetGateBiases(3, [4, 64]), (b) => 1 / (1 + Math.exp(-b)));
    expectClose(
      exact(kept, [3]),
      exact(
        [4, 16, 64].map((t) => Math.exp(-1 / t)),
        [3],
      ),
      "composite",
    );
    expect(() => forgetGateBiases(2, [0, 1])).toThrow("[fox] time constants must be positive and rise, got 0 and 1");
  });

  test("keeps the digits of gates that are next to open", async () => {
    const bias = constantOf(40, [heads]);
    const zero = constantOf(0, query.shape);
    const expected = pairs((i, j) => -(i - j) * Math.exp(-40));
    expectClose(await scores(fox(), { parameters: { weight, bias }, query: zero, key: zero }), expected, "composite", {
      magnitude: 1e-20,
    });
  });

  test("with gates for later keys too, sums run along the way from the query to the key on either side", async () => {
    const gates = between(-1, 0, [1, length, 2 * heads], "both");
    const distances = await run(backend, (g) => gateDistances(g as Tensor, length), gates);
    const expected = Array.from({ length: heads * length * length }, (_, index) => {
      const [i, j, head] = [Math.floor(index / length) % length, index % length, Math.floor(index / length ** 2)];
      const column = j > i ? heads + head : head;
      const between = Array.from({ length: Math.abs(i - j) }, (_, n) => {
        return gates.data[(Math.min(i, j) + 1 + n) * 2 * heads + column] as number;
      });
      return sum(between);
    });
    expectClose(distances, exact(expected, [1, heads, length, length]), "composite", loose);
  });

  test("CABLE is forgetting attention with the projection's sign turned", async () => {
    const [w, b] = [gaussian([heads, width], "w"), gaussian([heads], "b")];
    const negative = (t: HostTensor) => mapped(t, (value) => -value);
    expectClose(
      await scores(cable(), { parameters: { weight: w, bias: b } }),
      await scores(fox(), { parameters: { weight: negative(w), bias: negative(b) } }),
      "composite",
      loose,
    );
  });
});

describe("wall attention", () => {
  const gates = between(-3, 0, [1, length, heads * size], "gates");
  const gathered = (head: number, n: number, to: number, from: number) =>
    sum(range(to - from, from + 1).map((t) => gates.data[(t * heads + head) * size + n] as number));

  test("each channel decays by its own gates", async () => {
    const expected = pairs((i, j, head) => {
      const terms = rowOf(query, head, i).map((value, n) => {
        return value * (rowOf(key, head, j)[n] as number) * Math.exp(gathered(head, n, i, j));
      });
      return scale * sum(terms);
    });
    expectClose(await scores(wall(), { state: gates }), expected, "composite", loose);
  });

  test("gates that are shut leave the diagonal, without overflow", async () => {
    const shut = constantOf(-1e4, gates.shape);
    const expected = pairs((i, j, head) => (i === j ? product(i, j, head) : 0));
    expectClose(await scores(wall(), { state: shut }), expected, "composite", loose);
  });

  test("one gate for all channels is a factor of forgetting attention's decay", async () => {
    const perHead = between(-1, 0, [1, length, heads], "head gates");
    const repeated = Array.from(perHead.data).flatMap((value) => Array<number>(size).fill(value));
    const decay = await run(backend, (g) => gateDifferences(g as Tensor, length), perHead);
    const expected = pairs((i, j, head) => {
      return product(i, j, head) * Math.exp(decay.data[(head * length + i) * length + j] as number);
    });
    expectClose(await scores(wall(), { state: exact(repeated, gates.shape) }), expected, "composite", loose);
  });
});

test("encodings with a state say so when they have neither it nor the layer's input", () => {
  const at = constant(positions(length));
  const [q, k] = [constant(query), constant(key)];
  const options = { parameters: {}, queryPositions: at, keyPositions: at, causal: true, scale };
  expect(() => encodedScores(q, k, { ...options, encoding: fox() })).toThrow(
    "[fox] needs its state or the layer's input, got neither",
  );
});
