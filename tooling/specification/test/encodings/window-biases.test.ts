import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { type HostTensor, run, type Tensor, tensor } from "@relpos/core";
import {
  combine,
  decomposed,
  differenceIndex,
  gatedT5,
  graphormer,
  none,
  noPath,
  type PositionEncoding,
  relativeGate,
  retention,
  retentionDecays,
  rope,
  shortestPathDistances,
  swin,
  t5,
  virtualNode,
  withVirtualNode,
} from "@relpos/core/encodings";
import { afterAll, describe, expect, test } from "vitest";
import { outputOf, scoresOf } from "../../src/attention-case.js";
import { at, shape } from "../../src/bias-at.js";
import { exact } from "../../src/host-numbers.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

describe("windows", () => {
  test("Swin's rows of a 2 × 2 window are those published, query − key", () => {
    const grid = { height: 2, width: 2 };
    const rows = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => differenceIndex(i, j, grid)));
    expect(rows).toEqual([
      [4, 3, 1, 0],
      [5, 4, 2, 1],
      [7, 6, 4, 3],
      [8, 7, 5, 4],
    ]);
  });

  test("sizes must be whole and positive", () => {
    expect(() => swin({ height: 0, width: 2 })).toThrow(
      "[swin] height and width must be whole and positive, got 0 and 2",
    );
  });

  test("decomposed scores are products with the rows of both differences", async () => {
    const grid = { height: 2, width: 3 };
    const [q, k] = [gaussian([2, 2, 6, 4], "q"), gaussian([2, 2, 6, 4], "k")];
    const [rows, columns] = [gaussian([3, 4], "rows"), gaussian([5, 4], "columns")];
    const scoresWith = (encoding: PositionEncoding) =>
      scoresOf(backend, { encoding, query: q, key: k, parameters: { row: rows, column: columns }, causal: false });
    const [with2d, without] = [await scoresWith(decomposed(grid)), await scoresWith(none())];
    const dot = (index: number, table: HostTensor, r: number) =>
      [0, 1, 2, 3].reduce((sum, d) => sum + (q.data[index * 4 + d] as number) * (table.data[r * 4 + d] as number), 0);
    const expected = Float64Array.from(without.data, (score, index) => {
      const [queryIndex, j] = [Math.floor(index / 6), index % 6];
      const i = queryIndex % 6;
      const down = Math.floor(i / 3) - Math.floor(j / 3) + 1;
      return score + dot(queryIndex, rows, down) + dot(queryIndex, columns, (i % 3) - (j % 3) + 2);
    });
    expectClose(with2d, exact(expected, with2d.shape), "contraction", { length: 8, magnitude: 9 });
  });
});

describe("graphormer", () => {
  test("distances are lengths of shortest paths; nodes apart and the virtual node have values of their own", () => {
    const square = shortestPathDistances(5, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
    ]);
    expect([...square.data.subarray(0, 5)]).toEqual([0, 1, 2, 1, noPath]);
    const whole = withVirtualNode(square);
    expect(whole.shape).toEqual([6, 6]);
    expect([...whole.data.subarray(0, 12)]).toEqual([...Array(7).fill(virtualNode), 0, 1, 2, 1, noPath]);
    expect(() => shortestPathDistances(2, [[0, 2]])).toThrow(
      "[graphormer] nodes of an edge must be below 2, got 0 and 2",
    );
  });

  test("each distance has its row, the last for all farther ones, then no path and the virtual node", async () => {
    const table = exact([0, 1, 2, 3, 4], [5, 1]);
    const biases = (distances: HostTensor, query: HostTensor, key: HostTensor) =>
      run(
        backend,
        (matrix, weight, q, k) =>
          graphormer({ distances: matrix as Tensor, maximumDistance: 2 }).bias({
            parameters: { table: weight as Tensor },
            query: q as Tensor,
            key: k as Tensor,
            heads: 1,
          }) as Tensor,
        distances,
        table,
        query,
        key,
      );
    const one = tensor([0, 3, noPath, 3, 0, 1, virtualNode, 1, 0], [3, 3], "int32");
    expect([...(await biases(one, at(2, 0), at(0, 1, 2))).data]).toEqual([4, 1, 0, 0, 2, 3]);
    const two = tensor([...one.data, ...new Int32Array(9).fill(1)], [2, 3, 3], "int32");
    expect([...(await biases(two, at(0), at(0, 1))).data]).toEqual([0, 2, 1, 1]);
  });
});

describe("gated T5", () => {
  test("with no weights the gate is ½·(½ − 1) + 2, and x is asked for", async () => {
    const gate = await run(
      backend,
      (x, weight, bias, scale) =>
        relativeGate(x as Tensor, 2, {
          gateWeight: weight as Tensor,
          gateBias: bias as Tensor,
          gateScale: scale as Tensor,
        }),
      gaussian([1, 3, 8]),
      exact(new Float64Array(32), [8, 4]),
      exact(new Float64Array(8), [8]),
      exact([1, 3], [2]),
    );
    expect(gate.shape).toEqual([1, 2, 3, 1]);
    expect([...gate.data]).toEqual([1.75, 1.75, 1.75, 2.25, 2.25, 2.25]);
    const [query, key] = [gaussian([1, 2, 3, 4]), gaussian([1, 2, 3, 4])];
    const scores = scoresOf(backend, { encoding: gatedT5(), query, key, causal: false });
    await expect(scores).rejects.toThrow("[gatedT5] attention must be given the layer's input x, got none");
  });

  test("one table serves all layers, each of which has its gate", () => {
    const specs = gatedT5().parameters(shape);
    expect([specs.weight?.scope, specs.gateWeight?.scope, gatedT5().scope]).toEqual(["model", undefined, "layer"]);
    expect(t5().parameters(shape).weight?.shape).toEqual([32, 2]);
  });
});

describe("retention", () => {
  test("rates are 1 − 2^(−5 − h)", () => {
    expect([...retentionDecays(3)]).toEqual([31 / 32, 63 / 64, 127 / 128]);
  });

  test("is the recurrence S_n = γ·S_(n−1) + k_n·v_nᵀ, o_n = norm(q_n·S_n)", async () => {
    const [q, k, v] = ["q", "k", "v"].map((name) => gaussian([1, 2, 6, 4], name)) as [
      HostTensor,
      HostTensor,
      HostTensor,
    ];
    const encoding = retention({ epsilon: 0 });
    const output = await outputOf(backend, { encoding, query: q, key: k, value: v });
    const expected: number[] = [];
    for (const [head, decay] of retentionDecays(2).entries()) {
      const state = new Float64Array(16);
      const entry = ({ data }: HostTensor, n: number, d: number) => data[(head * 6 + n) * 4 + d] as number;
      for (let n = 0; n < 6; n++) {
        for (let cell = 0; cell < 16; cell++) {
          const [a, b] = [Math.floor(cell / 4), cell % 4];
          state[cell] = decay * (state[cell] as number) + entry(k, n, a) * entry(v, n, b);
        }
        const sums = [0, 1, 2, 3].map((b) =>
          [0, 1, 2, 3].reduce((sum, a) => sum + entry(q, n, a) * (state[4 * a + b] as number), 0),
        );
        const length = Math.sqrt(sums.reduce((sum, x) => sum + x * x, 0) / 4);
        expected.push(...sums.map((x) => x / length));
      }
    }
    expectClose(output, exact(expected, [1, 2, 6, 4]), "composite", { length: 24, magnitude: 20 });
  });

  test("with rotary positions is the whole of RetNet's", () => {
    expect(combine(rope({ interleaved: true }), retention()).kind).toBe("rope+retention");
  });
});
