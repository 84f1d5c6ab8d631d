import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { exactTensor, type HostTensor, matMul, run } from "@relpos/core";
import { describe, test } from "vitest";

const backend = createReferenceBackend();

/** sin 1, sin 2, …: numbers without a pattern. */
function waves(...shape: number[]): HostTensor {
  return exactTensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.sin(index + 1)),
    shape,
  );
}

describe("matMul", () => {
  test("out[m, n] = Σₖ a[m, k] · b[k, n]", async () => {
    const [a, b] = [exactTensor([1, 2, 3, 4, 5, 6], [2, 3]), exactTensor([7, 8, 9, 10, 11, 12], [3, 2])];
    expectClose(await run(backend, matMul, a, b), exactTensor([58, 64, 139, 154], [2, 2]), "exact");
  });

  test("leading axes broadcast, rank 5 with rank 3", async () => {
    const [a, b] = [waves(2, 1, 3, 4, 5), waves(3, 5, 2)];
    const expected: number[] = [];
    for (let i = 0; i < 2; i++) {
      for (let h = 0; h < 3; h++) {
        for (let m = 0; m < 4; m++) {
          for (let n = 0; n < 2; n++) {
            let sum = 0;
            for (let k = 0; k < 5; k++) sum += a.data[((i * 3 + h) * 4 + m) * 5 + k]! * b.data[(h * 5 + k) * 2 + n]!;
            expected.push(sum);
          }
        }
      }
    }
    expectClose(await run(backend, matMul, a, b), exactTensor(expected, [2, 1, 3, 4, 2]), "contraction", { length: 5 });
  });

  test("both sides broadcast", async () => {
    // out[i, j] = a[i] · b[j]
    const [a, b] = [exactTensor([1, 2], [2, 1, 1, 1]), exactTensor([10, 20, 30], [3, 1, 1])];
    expectClose(await run(backend, matMul, a, b), exactTensor([10, 20, 30, 20, 40, 60], [2, 3, 1, 1]), "exact");
  });

  test("an empty sum is 0; no rows, no columns, no batch make nothing", async () => {
    expectClose(await run(backend, matMul, waves(2, 0), waves(0, 3)), exactTensor(Array(6).fill(0), [2, 3]), "exact");
    expectClose(await run(backend, matMul, waves(0, 2), waves(2, 3)), waves(0, 3), "exact");
    expectClose(await run(backend, matMul, waves(2, 2), waves(2, 0)), waves(2, 0), "exact");
    expectClose(await run(backend, matMul, waves(0, 2, 2), waves(2, 3)), waves(0, 2, 3), "exact");
  });

  test("0 · ∞ and NaN are not skipped", async () => {
    const [a, b] = [exactTensor([0, 1], [1, 2]), exactTensor([Number.POSITIVE_INFINITY, 2, 3, Number.NaN], [2, 2])];
    expectClose(await run(backend, matMul, a, b), exactTensor([Number.NaN, Number.NaN], [1, 2]), "exact");
  });
});
