import { check, exactTensor, type HostTensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { alibi, learned, rope, t5 } from "@relpos/core/encodings";
import { type Named, type TransformerOptions, transformer } from "@relpos/core/nn";
import { adamW, nextToken, Trainer, type TrainerOptions, tokenBatch } from "@relpos/core/train";
import type { ConformanceCase } from "../../case.js";
import { expectClose } from "../../tolerance.js";
import { leavesNothing } from "../lifecycle/lifecycle-case.js";
import { smallSizes } from "./small-model.js";

const [rows, length] = [4, 8];
const agreeing = 20;
const steps = 50;

/** Sequences that count on by one or two from different starts: there is something to learn. */
function batchAt(step: number): Named<HostTensor> {
  const { vocabulary } = smallSizes;
  const count = (offset: number) =>
    Array.from({ length: rows * length }, (_, i) => {
      const [row, place] = [Math.floor(i / length), i % length];
      return (3 * step + 5 * row + (1 + (row % 2)) * (place + offset)) % vocabulary;
    });
  return { tokens: tensor(count(0), [rows, length], "int32"), labels: tensor(count(1), [rows, length], "int32") };
}

interface Training {
  readonly name: string;
  readonly model?: Partial<TransformerOptions>;
  readonly trainer?: Partial<TrainerOptions>;
}

const trainings: readonly Training[] = [
  { name: "rope" },
  { name: "alibi", model: { position: alibi() } },
  { name: "t5", model: { position: t5() } },
  { name: "learned positions", model: { position: learned({ maximumPositions: length }) } },
  { name: "dropout", trainer: { dropout: 0.1, seed: 5 } },
  { name: "gradients clipped, batch in parts", trainer: { clipNorm: 0.5, parts: 2 } },
  { name: "gated, RMS norm", model: { gated: true, activation: "silu", norm: "rmsNorm", kvHeads: 1 } },
];

/** Losses of so many steps. */
async function lossesOf<T>(backend: Backend<T>, training: Training, count: number): Promise<readonly number[]> {
  const model = transformer({
    ...smallSizes,
    width: 16,
    feedForward: 24,
    initialDeviation: 0.1,
    position: rope(),
    ...training.model,
  });
  const trainer = await Trainer.create(backend, {
    parameters: model.parameters,
    loss: nextToken(model),
    batch: tokenBatch(rows, length),
    optimizer: adamW({ learningRate: 3e-3 }),
    ...training.trainer,
  });
  try {
    const losses: number[] = [];
    for (let step = 0; step < count; step++) losses.push((await trainer.train(batchAt(step))).loss);
    return losses;
  } finally {
    await trainer.dispose();
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Errors unless the mean of each ten losses is below that of the ten before. */
function expectFalling(losses: readonly number[]): void {
  const means = Array.from({ length: losses.length / 10 }, (_, i) => meanOf(losses.slice(10 * i, 10 * i + 10)));
  check(
    means.every((mean, i) => i === 0 || mean < (means[i - 1] as number)),
    "conformance",
    () => `losses must fall, got means of ten ${means.map((mean) => mean.toFixed(3)).join(", ")}`,
  );
}

/** Losses of training agree with the oracle for 20 steps and fall for 50; nothing is left behind. */
export const trainingCases: readonly ConformanceCase[] = trainings.map((training, index) => ({
  name: `model/training/${training.name}`,
  group: "model",
  quick: index === 0,
  dtypes: ["float32", "int32", "bool"],
  run: ({ backend, oracle }) =>
    leavesNothing(backend, async () => {
      const actual = await lossesOf(backend, training, steps);
      const expected = await lossesOf(oracle, training, agreeing);
      expectClose(exactTensor(actual.slice(0, agreeing), [agreeing]), exactTensor(expected, [agreeing]), "training");
      expectFalling(actual);
    }),
}));
