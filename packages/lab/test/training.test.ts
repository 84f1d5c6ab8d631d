import { createReferenceBackend } from "@relpos/backend-reference";
import { graph, type HostTensor, matMul, Tensor, tensor } from "@relpos/core";
import { rope } from "@relpos/core/encodings";
import { transformer } from "@relpos/core/nn";
import { adamW, nextToken, Trainer, tokenBatch, warmupCosine } from "@relpos/core/train";
import { afterAll, describe, expect, test } from "vitest";
import {
  bestWeights,
  estimateMemory,
  learningRateAt,
  metricsLines,
  runTraining,
  type Training,
  type TrainingRequest,
} from "../src/train/index.js";
import { memoryRunStore, type RunStore } from "../src/train/run-store.js";
import { checksum, decodeState, encodeState } from "../src/train/state-file.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const model = transformer({ vocabulary: 5, layers: 1, width: 8, heads: 2, position: rope(), initialDeviation: 0.2 });
const batchAt = (step: number): Readonly<Record<string, HostTensor>> => {
  const value = (i: number): number => (i * (step + 3) + (i % 6)) % 5;
  const values = (from: number) => Array.from({ length: 24 }, (_, i) => value(i + from));
  return { tokens: tensor(values(0), [4, 6], "int32"), labels: tensor(values(1), [4, 6], "int32") };
};
const createTrainer = () =>
  Trainer.create(backend, {
    parameters: model.parameters,
    loss: nextToken(model),
    batch: tokenBatch(4, 6),
    optimizer: adamW({ learningRate: 0.01 }),
    dropout: 0.2,
  });

/** Trains, and gives what came of it with the checksum of the best weights. */
async function trained(
  store: RunStore,
  options: Partial<TrainingRequest<unknown>> & { readonly scores?: readonly number[]; readonly patience?: number } = {},
): Promise<{ readonly training: Training; readonly weights: string; readonly last: string }> {
  const { scores = [], patience, ...rest } = options;
  const trainer = await createTrainer();
  let measured = 0;
  const request: TrainingRequest<unknown> = {
    trainer: trainer as Trainer<unknown>,
    steps: 8,
    batch: batchAt,
    identity: "a run",
    store,
    stateFile: "training.state",
    saveEvery: 0,
    evaluation: {
      every: 2,
      patience,
      bestFile: "best.state",
      measure: async () => ({ score: scores[measured++] ?? measured, measures: { accuracy: measured } }),
    },
    ...rest,
  };
  try {
    const training = await runTraining(request);
    const weights = checksum(await bestWeights(request, training));
    return { training, weights, last: checksum(await trainer.downloadParameters()) };
  } finally {
    await trainer.dispose();
  }
}

describe("a training", () => {
  test("that is cut off after any step goes on to the same losses and weights, bit for bit", async () => {
    const unbroken = await trained(memoryRunStore());
    for (let cut = 1; cut < 8; cut++) {
      const store = memoryRunStore();
      // What a killed process leaves: the last state that was written.
      const killed = trained(store, {
        onStep: ({ step }) => {
          if (step === cut) throw new Error("killed");
        },
      });
      await expect(killed).rejects.toThrow("killed");
      const { training, last } = await trained(store);
      expect(training.losses).toEqual(unbroken.training.losses);
      expect(last).toBe(unbroken.last);
    }
  });

  test("that is aborted writes its state, and goes on from there", async () => {
    const store = memoryRunStore();
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = trained(store, {
      signal,
      saveEvery: Number.POSITIVE_INFINITY,
      onStep: ({ step }) => step === 3 && controller.abort(),
    });
    await expect(aborted).rejects.toThrow(/abort/i);
    expect(decodeState((await store.read("training.state"))!)?.progress.losses).toHaveLength(3);
    const starts: number[] = [];
    const { last } = await trained(store, { onStart: (step) => starts.push(step) });
    expect(starts).toEqual([3]);
    expect(last).toBe((await trained(memoryRunStore())).last);
  });

  test("keeps the weights with the best score", async () => {
    const best = await trained(memoryRunStore(), { scores: [1, 3, 2, 0] });
    const four = await trained(memoryRunStore(), { steps: 4 });
    expect(best.training.evaluations.map(({ step, score }) => [step, score])).toEqual([
      [2, 1],
      [4, 3],
      [6, 2],
      [8, 0],
    ]);
    expect(best.weights).toBe(four.last);
    expect(best.last).not.toBe(four.last);
  });

  test("stops when the best score is old", async () => {
    const { training } = await trained(memoryRunStore(), { scores: [1, 3, 2, 0], patience: 1 });
    expect(training.losses).toHaveLength(6);
  });

  test("does not go on from the state of another run, or from a damaged one", async () => {
    const unbroken = await trained(memoryRunStore());
    const store = memoryRunStore();
    await trained(store, { steps: 3, identity: "another run" });
    expect((await trained(store)).last).toBe(unbroken.last);
    const bytes = (await store.read("training.state"))!;
    await store.write("training.state", bytes.slice(0, bytes.length - 1));
    expect((await trained(store)).last).toBe(unbroken.last);
  });
});

test("evaluations are kept in a state", () => {
  const evaluations = [{ step: 2, score: 0.5, measures: { accuracy: 0.5 } }];
  const progress = { run: "a", losses: [1], milliseconds: [2], evaluations };
  expect(decodeState(encodeState({ progress, tensors: {} }))?.progress).toEqual(progress);
});

test("the learning rate of a step is its schedule's", () => {
  const schedule = warmupCosine({ peak: 1, warmupSteps: 4, totalSteps: 12, floor: 0.2 });
  expect([1, 2, 4, 12].map((step) => learningRateAt(schedule, step).toFixed(6))).toEqual([
    "0.250000",
    "0.500000",
    "1.000000",
    "0.200000",
  ]);
});

test("memory is what is held, and the most that lives at once", () => {
  const [a, b] = ["a", "b"].map((name) => Tensor.input({ shape: [4, 4], dtype: "float32" }, name)) as [Tensor, Tensor];
  // Two products live when the third is made; the first two are freed then.
  const product = matMul(matMul(a, b), matMul(b, a));
  expect(estimateMemory(graph([a, b], [product]))).toEqual({ held: 2 * 64, peak: 3 * 64 });
});

test("metrics are lines of JSON, steps and evaluations", () => {
  const evaluation = { step: 2, score: 1, measures: { accuracy: 1 } };
  const lines = metricsLines({ losses: [3, 2], milliseconds: [5, 6], evaluations: [evaluation] }, (step) => step / 10);
  expect(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { step: 1, loss: 3, learningRate: 0.1, milliseconds: 5 },
    { step: 2, loss: 2, learningRate: 0.2, milliseconds: 6 },
    evaluation,
  ]);
});
