import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { between, gaussian } from "@relpos/conformance/cases";
import {
  constant,
  type HostTensor,
  positions,
  reduceSum,
  run,
  runAll,
  slice,
  type Tensor,
  valueAndGradients,
} from "@relpos/core";
import {
  alibi,
  alibiSlopes,
  contextualPositions,
  cope,
  dape,
  grapeAdditive,
  grapePath,
  none,
  type PositionEncoding,
  rotate,
  stickBreaking,
  stickBreakingWeights,
} from "@relpos/core/encodings";
import { encodedScores } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { outputOf } from "../../src/attention-case.js";
import { constantOf, dot, exact, sum } from "../../src/host-numbers.js";
import {
  type Given,
  heads,
  key,
  length,
  loose,
  lower,
  pairs,
  product,
  query,
  scale,
  scoresOn,
  size,
} from "../../src/score-pairs.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const scores = (encoding: PositionEncoding, given?: Given) => scoresOn(backend, encoding, given);

describe("contextual position encoding", () => {
  const weight = gaussian([4, size], "e");
  const large = 40;

  test("with open gates is a trained vector for each distance", async () => {
    const [q, k] = [constantOf(1, query.shape), constantOf(large, key.shape)];
    const expected = pairs((i, j) => {
      const row = Math.min(i - j + 1, 3);
      return scale * size * large + dot(weight.data.slice(row * size, (row + 1) * size), constantOf(1, [size]).data);
    });
    expectClose(await scores(cope(), { parameters: { weight }, query: q, key: k }), expected, "composite", loose);
  });

  test("with closed gates has every key at position 0, and with zero vectors encodes nothing", async () => {
    const [q, k] = [constantOf(1, query.shape), constantOf(-large, key.shape)];
    const first = dot(weight.data.slice(0, size), constantOf(1, [size]).data);
    const expected = pairs(() => -scale * size * large + first);
    expectClose(await scores(cope(), { parameters: { weight }, query: q, key: k }), expected, "composite", loose);
    const nothing = await scores(cope(), { parameters: { weight: constantOf(0, [4, size]) } });
    expectClose(nothing, await scores(none()), "composite", loose);
  });

  test("positions fall along the keys and never exceed i − j + 1", async () => {
    const gates = lower(between(0, 1, [1, heads, length, length], "gates"));
    const { data } = await run(backend, (g) => contextualPositions(g as Tensor), gates);
    data.forEach((position, index) => {
      const [i, j] = [Math.floor(index / length) % length, index % length];
      expect(position).toBeLessThanOrEqual(Math.max(i - j + 1, 0));
      if (j > 0) expect(position).toBeLessThanOrEqual(data[index - 1] as number);
    });
  });

  test("gradients are finite at whole positions", async () => {
    const gradients = await runAll(
      backend,
      (q, k, w) => {
        const at = constant(positions(length));
        const all = encodedScores(q as Tensor, k as Tensor, {
          encoding: cope(),
          parameters: { weight: w as Tensor },
          queryPositions: at,
          keyPositions: at,
          causal: true,
          scale,
        });
        return valueAndGradients(reduceSum(all), [q as Tensor, k as Tensor, w as Tensor]).gradients;
      },
      constantOf(1, query.shape),
      constantOf(large, key.shape),
      weight,
    );
    for (const { data } of gradients) expect([...data].every(Number.isFinite)).toBe(true);
  });
});

describe("data-adaptive position encoding", () => {
  const network = (kernel: number, zero: boolean) => ({
    "first.weight": gaussian([3, 2 * heads, kernel], "w1"),
    "first.bias": gaussian([3], "b1"),
    "second.weight": zero ? constantOf(0, [heads, 3, kernel]) : gaussian([heads, 3, kernel], "w2"),
    "second.bias": zero ? constantOf(0, [heads]) : gaussian([heads], "b2"),
  });

  test.each([1, 3])("with a network of zeros is its base, kernel %i", async (kernel) => {
    const adapted = await scores(dape({ kernel }), { parameters: network(kernel, true) });
    expectClose(adapted, await scores(alibi()), "composite", loose);
  });

  test.each([
    ["every", true],
    ["first", false],
  ] as const)("a row does not depend on how many keys follow, with masked %s: %s", async (masked, holds) => {
    const encoding = dape({ kernel: 3, masked });
    const parameters = network(3, false);
    const first = (x: HostTensor, count: number) => run(backend, (t) => slice(t as Tensor, { 2: [0, count] }), x);
    const [short, long] = await Promise.all(
      [length - 1, length].map(async (count) => {
        const given = { query: await first(query, count), key: await first(key, count) };
        return first(await outputOf(backend, { encoding, parameters, ...given }), length - 1);
      }),
    );
    const compare = () => expectClose(short as HostTensor, long as HostTensor, "composite", loose);
    if (holds) compare();
    else expect(compare).toThrow();
  });

  test("takes a base with a bias and an odd kernel only", () => {
    expect(() => dape({ base: none() })).toThrow("[dape] base must have a bias, got none");
    expect(() => dape({ kernel: 2 })).toThrow("[dape] kernel must be odd, got 2");
  });
});

describe("stick-breaking attention", () => {
  const all = gaussian([1, heads, length, length], "scores");
  const sums = async (given: HostTensor) => {
    return runAll(
      backend,
      (s) => {
        const { weights, remainder } = stickBreakingWeights(s as Tensor);
        return [reduceSum(weights, -1, { keepDims: true }), remainder];
      },
      given,
    );
  };

  test("rows and what remains sum to 1, and large scores leave nothing", async () => {
    const [taken, left] = (await sums(all)) as [HostTensor, HostTensor];
    const total = taken.data.map((value, index) => value + (left.data[index] as number));
    expectClose(exact(total, taken.shape), constantOf(1, taken.shape), "composite");
    expect(Math.max(...taken.data)).toBeLessThan(1);
    const [full] = (await sums(constantOf(60, all.shape))) as [HostTensor];
    expectClose(full, constantOf(1, full.shape), "composite");
  });

  test("the first token attends to nothing, unless to itself", async () => {
    const first = async (attendCurrent: boolean) => {
      const output = await outputOf(backend, { encoding: stickBreaking({ attendCurrent }), query, key });
      return [...output.data.slice(0, size)];
    };
    expect(await first(false)).toEqual([0, 0, 0, 0]);
    expect(await first(true)).not.toEqual([0, 0, 0, 0]);
  });
});

describe("GRAPE's additive form", () => {
  const omega = constantOf(Math.log(Math.expm1(1)), [heads]);
  const parameters = { omega, key: gaussian([heads, size], "u"), query: gaussian([heads, size], "v") };

  test("with nothing to gate is ALiBi of slope m·ln 2", async () => {
    const zero = constantOf(0, key.shape);
    const biases = await scores(grapeAdditive(), { parameters, query: zero, key: zero });
    const slopes = alibiSlopes(heads);
    expectClose(
      biases,
      pairs((i, j, head) => -(i - j) * (slopes[head] as number) * Math.LN2),
      "composite",
      loose,
    );
  });

  test("both gates add up, and only differences of positions count", async () => {
    const [plain, byKey, byQuery, both] = (await Promise.all([
      scores(none()),
      scores(grapeAdditive(), { parameters }),
      scores(grapeAdditive({ gate: "query" }), { parameters }),
      scores(grapeAdditive({ gate: "both" }), { parameters, start: 1000 }),
    ])) as [HostTensor, HostTensor, HostTensor, HostTensor];
    const added = byKey.data.map((value, i) => value + (byQuery.data[i] as number) - (plain.data[i] as number));
    expectClose(both, exact(added, both.shape), "composite", loose);
  });
});

test("GRAPE's path integral adds up what each token between costs the query, and depends on where the tokens are", async () => {
  const held = gaussian([1, length, heads * size], "p");
  const at = (token: number, head: number) =>
    held.data.slice((token * heads + head) * size, (token * heads + head + 1) * size);
  const turned = (token: number, head: number) => {
    const p = at(token, head);
    const scaled = p.map((value) => value / Math.sqrt(dot(p, p) / size + 1e-5));
    return rotate(scaled, -token, { base: 1 });
  };
  const expected = pairs((i, j, head) => {
    const costs = Array.from({ length: i - j }, (_, n) => {
      const inner = dot(at(i, head), turned(j + 1 + n, head)) / size;
      return -(alibiSlopes(heads)[head] as number) * Math.log1p(Math.exp(-inner));
    });
    return product(i, j, head) + sum(costs);
  });
  expectClose(await scores(grapePath(), { state: held }), expected, "composite", loose);
  const moved = await scores(grapePath(), { state: held, start: 7 });
  expect(() => expectClose(moved, expected, "goldenSingle")).toThrow();
});
