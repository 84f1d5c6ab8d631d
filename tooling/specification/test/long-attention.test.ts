import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { addToScores, attend, causalMask, constant, positions, run, type Tensor } from "@relpos/core";
import { alibi, defineEncoding, rope, t5 } from "@relpos/core/encodings";
import { encodedAttention, encodedScores } from "@relpos/core/nn";
import { afterAll, describe, test } from "vitest";

const backend = createReferenceBackend();
const ortNode = await createOrtNodeBackend({ threads: 1 });
afterAll(async () => {
  await backend.close();
  await ortNode.close();
});

const table = gaussian([32, 2], "table");
const scored = defineEncoding({
  kind: "scored",
  settings: {},
  cache: "rotated-keys",
  scores: ({ products }) => products(),
});

describe("many queries, taken in chunks or with the bias folded into the heads, attend as few do", () => {
  const cases = { alibi: alibi(), rope: rope(), t5: t5(), scored };
  test.each(
    Object.entries(cases).flatMap(([name, encoding]) => [600, 1100].map((length) => [name, length, encoding] as const)),
  )("%s, %i queries", async (_, length, encoding) => {
    const [query, key, value] = [
      gaussian([1, 2, length, 2], "q"),
      gaussian([1, 1, length, 2], "k"),
      gaussian([1, 1, length, 1], "v"),
    ];
    const at = constant(positions(length));
    const settings = { encoding, queryPositions: at, keyPositions: at, causal: true, scale: 0.7 };
    const attended = (q: Tensor, k: Tensor, v: Tensor, weight: Tensor): Tensor =>
      encodedAttention(q, k, v, { ...settings, parameters: { weight } }).output;
    const written = (q: Tensor, k: Tensor, v: Tensor, weight: Tensor): Tensor => {
      const scores = encodedScores(q, k, { ...settings, parameters: { weight } });
      return attend(addToScores(scores, undefined, causalMask(length, length)), v).output;
    };
    const expected = await run(backend, written, query, key, value, table);
    const context = { length, magnitude: 16 };
    expectClose(await run(backend, attended, query, key, value, table), expected, "composite", context);
    expectClose(await run(ortNode, attended, query, key, value, table), expected, "composite", context);
  });
});
