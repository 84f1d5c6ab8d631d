import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { constant, exactTensor, type HostTensor, runAll, scalar, type Tensor } from "@relpos/core";
import { encodeAdditively, relativeDifference, relativeVectors } from "@relpos/core/encodings";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

/** "I love programming": embeddings and positions of three tokens. */
const embeddings = [
  [0.1, 0.2, 0.3],
  [0.4, 0.5, 0.6],
  [0.7, 0.8, 0.9],
];
const positions = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const encoded = [
  [1.1, 0.2, 0.3],
  [0.4, 1.5, 0.6],
  [0.7, 0.8, 1.9],
];
/** What each is relative to "I". */
const relative = [
  [0, 0, 0],
  [-0.7, 1.3, 0.3],
  [-0.4, 0.6, 1.6],
];

const rows = (values: readonly ArrayLike<number>[]) => {
  return exactTensor(
    values.flatMap((row) => Array.from(row)),
    [values.length, 3],
  );
};

describe("I love programming", () => {
  test("by host functions", () => {
    const sums = encodeAdditively(embeddings, positions);
    expectClose(rows(sums), rows(encoded), "composite");
    expectClose(rows(relativeVectors(sums, 0)), rows(relative), "composite");
  });

  test.each([
    ["an index", 0],
    ["a scalar", constant(scalar(0, "int32"))],
  ] as const)("as graph, compared with %s", async (_, reference) => {
    const [sums, differences] = (await runAll(
      backend,
      (v, p) => {
        const result = relativeDifference(v as Tensor, p as Tensor, reference);
        return [result.encoded, result.relative];
      },
      rows(embeddings),
      rows(positions),
    )) as [HostTensor, HostTensor];
    expectClose(sums, rows(encoded), "composite");
    expectClose(differences, rows(relative), "composite");
  });

  test("only differences of vectors and of positions matter: the relative vector of a sum is the sum of relative vectors", () => {
    const together = relativeVectors(encodeAdditively(embeddings, positions), 1);
    const apart = encodeAdditively(relativeVectors(embeddings, 1), relativeVectors(positions, 1));
    expectClose(rows(together), rows(apart), "composite");
  });
});

test("gradients flow to words, positions and the reference", async () => {
  await checkGradients(backend, {
    f: (v, p) => relativeDifference(v as Tensor, p as Tensor, 1).relative,
    inputs: [gaussian([2, 3, 2], "v"), gaussian([3, 2], "p")],
  });
});

test("wrong rows are refused with the rule and the value", () => {
  expect(() => relativeVectors(embeddings, 3)).toThrow("[relativeVectors] reference must be an index below 3, got 3");
  expect(() => encodeAdditively(embeddings, positions.slice(1))).toThrow(
    "[encodeAdditively] every token must have a position, got 3 and 2",
  );
});
