import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian } from "@relpos/conformance/cases";
import { addToScores, attend, causalMask, constant, positions, run, type Tensor } from "@relpos/core";
import {
  alibi,
  deberta,
  defineEncoding,
  inkling,
  type PositionEncoding,
  rope,
  t5,
  transformerXl,
} from "@relpos/core/encodings";
import { encodedAttention, encodedScores } from "@relpos/core/nn";
import { afterAll, describe, test } from "vitest";

const backend = createReferenceBackend();
const ortNode = await createOrtNodeBackend({ threads: 1 });
afterAll(async () => {
  await backend.close();
  await ortNode.close();
});

const sizes = { width: 4, layers: 1, heads: 2, kvHeads: 1, headSize: 2 };
const scored = defineEncoding({
  kind: "scored",
  settings: {},
  cache: "rotated-keys",
  scores: ({ products }) => products(),
});

describe("many queries, taken in chunks or with the bias folded into the heads, attend as few do", () => {
  const near = { span: 32, maximumDistance: 48 };
  const cases = {
    alibi: alibi(),
    rope: rope(),
    t5: t5(),
    inkling: inkling({ extent: 100, relativeSize: 2 }),
    "transformer-xl": transformerXl(),
    deberta: deberta(near),
    scored,
  };
  test.each(
    Object.entries(cases).flatMap(([name, encoding]) =>
      [600, 1100, 1664].map((length) => [name, length, encoding] as const),
    ),
  )("%s, %i queries", async (_, length, encoding) => {
    const [query, key, value] = [
      gaussian([1, 2, length, 2], "q"),
      gaussian([1, 1, length, 2], "k"),
      gaussian([1, 1, length, 1], "v"),
    ];
    const at = constant(positions(length));
    const specs = Object.entries((encoding as PositionEncoding).parameters?.(sizes) ?? {});
    const parameters = Object.fromEntries(specs.map(([name, { shape }]) => [name, constant(gaussian(shape, name))]));
    const x = constant(gaussian([1, length, sizes.width], "x"));
    const settings = { encoding, parameters, x, queryPositions: at, keyPositions: at, causal: true, scale: 0.7 };
    const attended = (q: Tensor, k: Tensor, v: Tensor): Tensor => encodedAttention(q, k, v, settings).output;
    const written = (q: Tensor, k: Tensor, v: Tensor): Tensor => {
      const scores = encodedScores(q, k, settings);
      return attend(addToScores(scores, undefined, causalMask(length, length)), v).output;
    };
    const expected = await run(backend, written, query, key, value);
    const context = { length, magnitude: 16 };
    expectClose(await run(backend, attended, query, key, value), expected, "composite", context);
    expectClose(await run(ortNode, attended, query, key, value), expected, "composite", context);
  });
});
