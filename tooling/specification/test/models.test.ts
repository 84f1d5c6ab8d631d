import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { expectClose } from "@relpos/conformance";
import { concat, type HostTensor, run, slice, type Tensor, tensor } from "@relpos/core";
import { alibi, combine, rope, t5, tape } from "@relpos/core/encodings";
import {
  initializeParameters,
  type Named,
  type Transformer,
  type TransformerOptions,
  transformer,
  within,
  withinChunk,
} from "@relpos/core/nn";
import { nextToken } from "@relpos/core/train";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../src/check-gradients.js";
import { movedParameters, namedAs } from "../src/parameters.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const sizes = { vocabulary: 7, layers: 2, width: 8, heads: 2, feedForward: 12, initialDeviation: 0.5 } as const;
const tokens = tensor([1, 4, 2, 0, 6, 3, 5, 5, 1, 2], [2, 5], "int32");
const labels = tensor([4, 2, 0, 6, 1, 5, 5, 1, 2, 0], [2, 5], "int32");

/** Initial weights in 64 bits, none without effect. */
const weightsOf = (model: Transformer): readonly HostTensor[] => Object.values(movedParameters(model.parameters, 3));

const named = (model: Transformer, values: readonly Tensor[]): Named<Tensor> => namedAs(model.parameters, values);

const variants: Readonly<Record<string, Partial<TransformerOptions>>> = {
  "grouped queries, gated, RMS norm": { kvHeads: 1, gated: true, activation: "silu", norm: "rmsNorm" },
  "post-norm with biases, untied": { normPlacement: "post", bias: true, tied: false, activation: "geluTanh" },
  "encoder with biases": { form: "encoder", bias: true },
  "per-layer schedule with windows": {
    position: (layer) => (layer === 0 ? rope() : alibi()),
    window: (layer) => (layer === 0 ? 2 : undefined),
  },
  "a state that the first layer carries to the second": { layers: 2, position: tape() },
  "squared ReLU, soft cap": { activation: "reluSquared", softcap: 5 },
  "sandwich norms, norms of queries and keys, soft cap of logits": {
    normPlacement: "sandwich",
    queryKeyNorm: { kind: "rmsNorm", epsilon: 1e-5, bias: false },
    logitSoftcap: 3,
  },
  "halves side by side, a norm for each": { residual: "parallel", bias: true },
  "halves side by side on one norm, scaled logits": { residual: "parallelSharedNorm", logitScale: 0.5 },
  "embedding norm, token types, layer scale, head bias": {
    embeddingNorm: true,
    tokenTypes: 2,
    layerScale: true,
    headBias: true,
  },
  "separate projections, biases of some": {
    projections: "separate",
    attentionBias: { query: true, key: false, value: true, output: false },
    activation: "quickGelu",
  },
  "chunks, limited projections": { visible: () => withinChunk(3), clip: 2 },
  "sides of an encoder, first norm left out": {
    form: "encoder",
    visible: () => within(1),
    firstAttentionNorm: false,
  },
};

describe("gradients of a whole model agree with central differences", () => {
  const encodings = Object.entries(catalogue).map(
    ([name, entry]) =>
      [name, { position: entry.create({ trainLength: 5, causal: true, embeddingDeviation: 0.02 }) }] as const,
  );
  test.each([...encodings, ...Object.entries(variants)])("%s", async (_, variant) => {
    const model = transformer({ ...sizes, layers: 1, width: 4, feedForward: 6, position: rope(), ...variant });
    const loss = nextToken(model);
    await checkGradients(backend, {
      f: (ids, targets, ...weights) =>
        loss(named(model, weights), { tokens: ids as Tensor, labels: targets as Tensor }, (x) => x),
      inputs: [tokens, labels, ...weightsOf(model)],
    });
  });

  test("encoder-decoder", async () => {
    const model = transformer({
      ...sizes,
      layers: 1,
      width: 4,
      feedForward: 6,
      form: "encoder-decoder",
      position: t5({ bidirectional: true }),
    });
    await checkGradients(backend, {
      f: (ids, source, ...weights) =>
        model.forward(named(model, weights), { tokens: ids as Tensor }, { tokens: source as Tensor }).logits,
      inputs: [tokens, labels, ...weightsOf(model)],
    });
  });
});

describe("decoding with a cache equals decoding without, at every split", () => {
  const all = {
    ...Object.fromEntries(
      Object.entries(catalogue).map(([name, entry]) => [
        name,
        entry.create({ trainLength: 5, causal: true, embeddingDeviation: 0.02 }),
      ]),
    ),
    combined: combine(rope(), alibi(), t5()),
  };
  test.each(Object.entries(all))("%s", async (_, position) => {
    const model = transformer({ ...sizes, kvHeads: 1, position });
    const weights = weightsOf(model);
    const whole = await run(
      backend,
      (ids, ...w) => model.forward(named(model, w), { tokens: ids as Tensor }).logits,
      tokens,
      ...weights,
    );
    for (const split of [1, 2, 4]) {
      const stepped = await run(
        backend,
        (ids, ...w) => {
          const first = model.forward(named(model, w), { tokens: slice(ids as Tensor, { 1: [0, split] }) });
          const second = model.forward(named(model, w), {
            tokens: slice(ids as Tensor, { 1: [split, 5] }),
            past: first.present,
          });
          return concat([first.logits, second.logits], 1);
        },
        tokens,
        ...weights,
      );
      expectClose(stepped, whole, "composite", { length: 100, magnitude: 10 });
    }
  });
});

test("parameters are named as paths, and shared encodings have one set", () => {
  const model = transformer({ ...sizes, position: t5() });
  expect(Object.keys(model.parameters)).toContain("position.t5.weight");
  expect(Object.keys(model.parameters)).toContain("layers.1.attention.queryKeyValue.weight");
  const own = transformer({ ...sizes, position: t5({ scope: "layer" }) });
  expect(Object.keys(own.parameters)).toContain("layers.1.position.weight");
});

test("models with equal names and shapes begin with equal weights", () => {
  const [a, b] = [transformer({ ...sizes, position: rope() }), transformer({ ...sizes, position: t5() })];
  const [first, second] = [initializeParameters(a.parameters, 7), initializeParameters(b.parameters, 7)];
  for (const name of Object.keys(first)) expect(second[name]).toEqual(first[name]);
});

test("wrong sizes are refused with the rule and the value", () => {
  expect(() => transformer({ ...sizes, heads: 3, position: rope() })).toThrow(
    "[transformer] heads must divide width, got 3 and 8",
  );
  expect(() => transformer({ ...sizes, kvHeads: 3, position: rope() })).toThrow(
    "[transformer] kvHeads must divide heads, got 3 and 2",
  );
});
