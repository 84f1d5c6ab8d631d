import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import {
  constant,
  exactTensor,
  type HostTensor,
  mul,
  reduceSum,
  run,
  square,
  type Tensor,
  tensor,
  toScalar,
} from "@relpos/core";
import { rope } from "@relpos/core/encodings";
import { type Named, normal, transformer } from "@relpos/core/nn";
import {
  adamW,
  clipFactor,
  globalNorm,
  nextToken,
  type Optimizer,
  sgd,
  Trainer,
  tokenBatch,
  warmupCosine,
} from "@relpos/core/train";
import { afterAll, describe, expect, test } from "vitest";

const backend = createReferenceBackend();
afterAll(() => backend.close());

/** A parameter w with loss Σ c·w, so that its gradient is c. */
const slope = [3, -4];
const linearLoss = ({ w }: Named<Tensor>): Tensor => reduceSum(mul(w as Tensor, constant(exactTensor(slope, [1, 2]))));
const start = [0.5, -1.5];

async function train(optimizer: Optimizer, steps: number, clipNorm?: number): Promise<HostTensor> {
  const trainer = await Trainer.create(backend, {
    parameters: { w: { shape: [1, 2], initialize: (_, shape) => exactTensor(start, shape) } },
    loss: linearLoss,
    batch: {},
    optimizer,
    clipNorm,
  });
  for (let i = 0; i < steps; i++) await trainer.train({});
  const { w } = await trainer.downloadParameters();
  await trainer.dispose();
  return w as HostTensor;
}

describe("optimizers", () => {
  test("AdamW follows Loshchilov and Hutter's algorithm 2", async () => {
    const [rate, beta1, beta2, epsilon, decay] = [0.1, 0.8, 0.9, 1e-3, 0.2];
    const expected = start.map((initial, i) => {
      let [w, m, v] = [initial, 0, 0];
      for (let t = 1; t <= 5; t++) {
        const g = slope[i] as number;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        w = w * (1 - rate * decay) - (rate * (m / (1 - beta1 ** t))) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
      }
      return w;
    });
    const actual = await train(adamW({ learningRate: rate, beta1, beta2, epsilon, weightDecay: decay }), 5);
    expectClose(actual, exactTensor(expected, [1, 2]), "composite");
  });

  test("SGD with Nesterov momentum follows torch.optim.SGD", async () => {
    const expected = start.map((initial, i) => {
      let [w, velocity] = [initial, 0];
      for (let t = 1; t <= 4; t++) {
        const g = (slope[i] as number) + 0.1 * w;
        velocity = 0.9 * velocity + g;
        w -= 0.05 * (g + 0.9 * velocity);
      }
      return w;
    });
    const optimizer = sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1 });
    expectClose(await train(optimizer, 4), exactTensor(expected, [1, 2]), "composite");
  });

  test("gradients of norm 5 are clipped to norm 1", async () => {
    const expected = start.map((w, i) => w - (slope[i] as number) / (5 + 1e-6));
    expectClose(await train(sgd({ learningRate: 1 }), 1, 1), exactTensor(expected, [1, 2]), "composite");
    const factor = await run(backend, (x) => clipFactor(globalNorm([x as Tensor]), 10), exactTensor(slope, [2]));
    expect(toScalar(factor)).toBe(1);
  });
});

test("warm-up is linear, the rest half a cosine down to the floor", async () => {
  const schedule = warmupCosine({ peak: 1, warmupSteps: 4, totalSteps: 12, floor: 0.2 });
  const rates = await Promise.all(
    [1, 2, 4, 8, 12, 100].map(async (step) =>
      toScalar(await run(backend, (s) => schedule(s as Tensor), exactTensor([step], []))),
    ),
  );
  expectClose(exactTensor(rates, [6]), exactTensor([0.25, 0.5, 1, 0.6, 0.2, 0.2], [6]), "composite");
});

describe("a small model", () => {
  const model = transformer({ vocabulary: 5, layers: 1, width: 8, heads: 2, position: rope(), initialDeviation: 0.2 });
  const batchAt = (step: number): Named<HostTensor> => {
    const values = Array.from({ length: 4 * 6 }, (_, i) => (i * (step + 3) + (i % 6)) % 5);
    const shifted = values.map((_, i) => ((i + 1) * (step + 3) + ((i + 1) % 6)) % 5);
    return { tokens: tensor(values, [4, 6], "int32"), labels: tensor(shifted, [4, 6], "int32") };
  };
  const options = {
    parameters: model.parameters,
    loss: nextToken(model),
    batch: tokenBatch(4, 6),
    optimizer: adamW({ learningRate: 0.01 }),
    clipNorm: 1,
    seed: 5,
  };

  test("learns a constant batch", async () => {
    const trainer = await Trainer.create(backend, options);
    const first = await trainer.train(batchAt(0));
    let last = first;
    for (let i = 0; i < 60; i++) last = await trainer.train(batchAt(0));
    expect(first.loss).toBeGreaterThan(1.4);
    expect(last.loss).toBeLessThan(0.7 * first.loss);
    expect(last.step).toBe(61);
    await trainer.dispose();
  });

  test("goes on from a state with the same numbers, dropout included", async () => {
    const dropping = { ...options, dropout: 0.2 };
    const whole = await Trainer.create(backend, dropping);
    for (let i = 0; i < 6; i++) await whole.train(batchAt(i));
    const broken = await Trainer.create(backend, dropping);
    for (let i = 0; i < 3; i++) await broken.train(batchAt(i));
    const resumed = await Trainer.create(backend, { ...dropping, seed: 5 });
    await resumed.restore(await broken.state());
    for (let i = 3; i < 6; i++) await resumed.train(batchAt(i));
    expect(await resumed.state()).toEqual(await whole.state());
    await Promise.all([whole, broken, resumed].map((trainer) => trainer.dispose()));
  });

  test("takes the same step in parts as at once", async () => {
    const [whole, parts] = await Promise.all(
      [1, 2].map((count) => Trainer.create(backend, { ...options, parts: count })),
    );
    for (let i = 0; i < 3; i++) {
      const [a, b] = [await whole?.train(batchAt(i)), await parts?.train(batchAt(i))];
      expectClose(
        exactTensor([b?.loss as number, b?.gradientNorm as number], [2]),
        exactTensor([a?.loss as number, a?.gradientNorm as number], [2]),
        "composite",
        { length: 100 },
      );
    }
    await whole?.dispose();
    await parts?.dispose();
  });

  test("batches of several shapes train one state, each compiled when it comes", async () => {
    const both = await Trainer.create(backend, { ...options, batch: [tokenBatch(4, 6), tokenBatch(2, 3)] });
    const short = {
      tokens: tensor([0, 1, 2, 3, 4, 0], [2, 3], "int32"),
      labels: tensor([1, 2, 3, 4, 0, 1], [2, 3], "int32"),
    };
    await both.train(short);
    await both.train(batchAt(0));
    const one = await Trainer.create(backend, { ...options, batch: tokenBatch(2, 3) });
    await one.train(short);
    const other = await Trainer.create(backend, options);
    await other.restore(await one.state());
    await other.train(batchAt(0));
    expect(await both.state()).toEqual(await other.state());
    await expect(both.train({ ...short, labels: batchAt(0).labels as HostTensor })).rejects.toThrow(
      "[train] the batch must have the shapes labels [4, 6], tokens [4, 6] or labels [2, 3], tokens [2, 3], got labels [4, 6], tokens [2, 3]",
    );
    await Promise.all([both, one, other].map((trainer) => trainer.dispose()));
  });

  test("a loss that is not a number stops training with the step and the tensors", async () => {
    const trainer = await Trainer.create(backend, {
      ...options,
      parameters: { w: { shape: [2, 2], initialize: normal(1) } },
      loss: ({ w }) => reduceSum(square(mul(w as Tensor, Number.NaN))),
      batch: {},
    });
    await expect(trainer.train({})).rejects.toThrow(
      "[train] loss must be a finite number, got NaN at step 1 (not finite: w, w/firstMoment, w/secondMoment); lower the learning rate",
    );
    await trainer.dispose();
  });

  test("a missing tensor of a batch, and use after dispose, are errors", async () => {
    const trainer = await Trainer.create(backend, options);
    await expect(trainer.train({ tokens: batchAt(0).tokens as HostTensor })).rejects.toThrow(
      "[train] the batch needs tokens, labels, got no labels",
    );
    await trainer.dispose();
    await trainer.dispose();
    await expect(trainer.train(batchAt(0))).rejects.toThrow("[train] the trainer was disposed");
  });
});
