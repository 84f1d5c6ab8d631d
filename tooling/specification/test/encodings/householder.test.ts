import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { between, gaussian } from "@relpos/conformance/cases";
import { constant, type HostTensor, mul, run, runAll, slice, type Tensor, triangularInverse } from "@relpos/core";
import { householderBlocks, householderProducts, none, type PositionEncoding, path } from "@relpos/core/encodings";
import { afterAll, describe, expect, test } from "vitest";
import { constantOf, dot, exact, mapped, sum } from "../../src/host-numbers.js";
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
  rowOf,
  scale,
  scoresOn,
  size,
} from "../../src/score-pairs.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const scores = (encoding: PositionEncoding, given?: Given) => scoresOn(backend, encoding, given);

describe("PaTH", () => {
  const vectors = unit(gaussian([1, heads, length, size], "w"));
  const strengths = between(0, 2, [1, heads, length, 1], "beta");

  function unit(tensor: HostTensor): HostTensor {
    return mapped(tensor, (value, index) => {
      const row = tensor.data.slice(index - (index % size), index - (index % size) + size);
      return value / Math.sqrt(dot(row, row));
    });
  }

  /** H_i·…·H_{j+1}·k_j, one transformation after the other. */
  function carried(head: number, i: number, j: number, betas = strengths): Float64Array {
    let vector = Float64Array.from(rowOf(key, head, j));
    for (let t = j + 1; t <= i; t++) {
      const w = rowOf(vectors, head, t);
      const amount = (betas.data[head * length + t] as number) * dot(w, vector);
      vector = vector.map((value, n) => value - amount * (w[n] as number));
    }
    return vector;
  }

  test.each([1, 2, 3, 4, 64])(
    "is the product of reflections one after the other, for the last %i queries",
    async (last) => {
      const queries = Math.min(last, length);
      const expected = pairs((i, j, head) => dot(rowOf(query, head, i), carried(head, i, j)));
      for (const block of [1, 2, 3, 5, 8]) {
        const [whole, blocks] = await runAll(
          backend,
          (q, k, w, b) => {
            const own = slice(q as Tensor, { 2: [length - queries, length] });
            const options = { query: own, key: k as Tensor, vectors: w as Tensor, strengths: b as Tensor, longest: 8 };
            const visible = (result: Tensor) => mul(result, slice(mask(), { 0: [length - queries, length] }));
            return [visible(householderProducts(options)), visible(householderBlocks({ ...options, block }))];
          },
          query,
          key,
          vectors,
          strengths,
        );
        const rows = await run(backend, (e) => slice(e as Tensor, { 2: [length - queries, length] }), expected);
        expectClose(whole as HostTensor, rows, "composite", loose);
        expectClose(blocks as HostTensor, rows, "composite", loose);
      }
    },
  );

  const mask = (): Tensor => constant(lower(constantOf(1, [length, length])));
  const stateOf = (betas: HostTensor, gates?: HostTensor): HostTensor => {
    const per = (t: HostTensor, n: number, token: number) =>
      Array.from({ length: heads }, (_, h) => [
        ...t.data.slice((h * length + token) * n, (h * length + token + 1) * n),
      ]).flat();
    const tokens = Array.from({ length }, (_, token) => [
      ...per(vectors, size, token),
      ...per(betas, 1, token),
      ...(gates ? per(gates, 1, token) : []),
    ]);
    return exact(tokens.flat(), [1, length, (tokens[0] as number[]).length]);
  };

  test("encodes nothing with β = 0; its gates are scaled, unlike those of forgetting attention", async () => {
    const still = constantOf(0, strengths.shape);
    const state = stateOf(still);
    expectClose(await scores(path({ kernel: 1 }), { state }), await scores(none()), "composite", loose);
    const gates = between(-1, 0, [1, heads, length], "gates");
    const gated = await scores(path({ kernel: 1, gated: true }), { state: stateOf(still, gates) });
    const expected = pairs((i, j, head) => {
      const between = gates.data.slice(head * length + j + 1, head * length + i + 1) as Float64Array;
      return product(i, j, head) + scale * sum(between);
    });
    expectClose(gated, expected, "composite", loose);
  });

  test("keeps lengths for β = 2 only", () => {
    const norm = (betas: HostTensor) => Math.sqrt(dot(carried(0, 3, 0, betas), carried(0, 3, 0, betas)));
    const before = Math.sqrt(dot(rowOf(key, 0, 0), rowOf(key, 0, 0)));
    expectClose(exact([norm(constantOf(2, strengths.shape))]), exact([before]), "composite");
    expect(norm(constantOf(1, strengths.shape))).toBeLessThan(before - 0.01);
  });

  test("inverts where the Neumann series loses all digits: A = 2 below the diagonal", async () => {
    const n = 64;
    const a = constantOf(2, [n, n]);
    const inverse = await run(backend, (m) => triangularInverse(m as Tensor), a);
    // (I + A)⁻¹ has 1 on the diagonal and 2·(−1)^(i−j) below it.
    const expected = Float64Array.from({ length: n * n }, (_, index) => {
      const distance = Math.floor(index / n) - (index % n);
      return distance < 0 ? 0 : distance === 0 ? 1 : distance % 2 === 0 ? 2 : -2;
    });
    expectClose(inverse, exact(expected, [n, n]), "composite");
  });
});
