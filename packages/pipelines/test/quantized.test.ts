import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { quantizedModel, type WeightDType } from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import type { Backend } from "@relpos/core/backend";
import { rope } from "@relpos/core/encodings";
import { initializeParameters } from "@relpos/core/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { divergence, LanguageModel, Session } from "../src/index.js";
import { decoderModel } from "./decoder-model.js";

const whole = decoderModel(rope({ base: 10_000 }), 256, 64, 0.1);

const tokens = Array.from({ length: 40 }, (_, index) => (index * 37) % 250);

/** The model with its weights in a type, on a backend. */
function open(backend: Backend, dtype: WeightDType): Promise<LanguageModel> {
  const { model, split } = quantizedModel(whole, dtype);
  const values = Object.entries(initializeParameters(whole.parameters, 7));
  return LanguageModel.create(
    model,
    values.flatMap(([name, value]) => Object.entries(split(name, value))),
    backend,
  );
}

/** Scores after a prompt, and after one token more. */
async function scores(model: LanguageModel) {
  const session = new Session(model);
  try {
    const options = { choice: "scores" } as const;
    return [
      await session.append([tokens.slice(0, 20)], options),
      await session.append([tokens.slice(20, 21)], options),
    ];
  } finally {
    session.dispose();
  }
}

const reference = createReferenceBackend();
let exact: Backend;
let fast: Backend;
beforeAll(async () => {
  exact = await createOrtNodeBackend({ threads: 1, accuracyLevel: 0 });
  fast = await createOrtNodeBackend({ threads: 1 });
});
afterAll(() => Promise.all([exact.close(), fast.close()]));

describe.each(["fp16", "q8", "q4"] as const)("%s", (dtype) => {
  test("ONNX Runtime gives the reference's scores of the same weights, cached and not", async () => {
    const [oracle, model] = [await open(reference, dtype), await open(exact, dtype)];
    const [expected, actual] = [await scores(oracle), await scores(model)];
    expected.forEach((value, index) => {
      expectClose(actual[index]!, value, "composite", { length: 256, magnitude: 4 });
    });
    await Promise.all([oracle.close(), model.close()]);
  });

  test("next tokens are near those of the whole weights", async () => {
    const [base, model] = [await open(reference, "fp32"), await open(fast, dtype)];
    const measured = await divergence(base, model, tokens, { length: 16 });
    const [distance, ratio] = { fp16: [1e-6, 1e-3], q8: [1e-3, 1e-2], q4: [5e-2, 0.2] }[dtype] as [number, number];
    expect(measured.divergence).toBeGreaterThanOrEqual(0);
    expect(measured.divergence).toBeLessThan(distance);
    expect(Math.abs(Math.log(measured.perplexity / measured.basePerplexity))).toBeLessThan(ratio);
    expect(measured.tokens).toBe(39);
    await Promise.all([base.close(), model.close()]);
  });
});

test("a model is no distance from itself", async () => {
  const model = await open(reference, "fp32");
  const {
    divergence: distance,
    agreement,
    perplexity,
    basePerplexity,
  } = await divergence(model, model, tokens, { length: 16 });
  expect([distance, agreement, perplexity]).toEqual([0, 1, basePerplexity]);
  await expect(divergence(model, model, [1], { length: 16 })).rejects.toThrow(
    "[divergence] the text must have two tokens, got 1",
  );
  await model.close();
});
