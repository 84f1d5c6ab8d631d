// Run by the train benchmark in a process of its own: one model's steps, and matrix products between them.
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { parameterCount } from "@relpos/core/nn";
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";
import { batchOf, characterModel, characterTrainer } from "./character-model.js";
import type { TrainingSettings } from "./models.js";
import { type ProductShape, productRate } from "./product-rate.js";

export interface TrainingSamples {
  readonly parameters: number;
  readonly nodes: number;
  readonly stepMs: readonly number[];
  /** Median rate of the fastest matrix product tried, in 10⁹ operations a second. */
  readonly peakGflops: number;
  readonly peakMemoryBytes: number;
}

const warmUpSteps = 3;
const seconds = 12;
const shapes = (s: TrainingSettings): readonly ProductShape[] => {
  const rows = s.batch * s.length;
  return [
    [512, 512, 512],
    [1024, 1024, 1024],
    [2048, 2048, 2048],
    [rows, s.width, 4 * s.width],
    [rows, 4 * s.width, s.width],
  ];
};

const settings = isolatedArgument<TrainingSettings>();
const backend = await createOrtNodeBackend({ device: "cpu" });
const trainer = await characterTrainer(backend, settings);
const stepMs: number[] = [];
for (let step = 0, spent = 0; step < warmUpSteps + 5 || spent < seconds * 1000; step++) {
  const batch = batchOf(settings, step);
  const start = performance.now();
  await trainer.train(batch);
  const elapsed = performance.now() - start;
  if (step >= warmUpSteps) stepMs.push(elapsed);
  spent += elapsed;
}
const peakMemoryBytes = peakMemory();
const nodes = trainer.executable.graph.nodes.length;
await trainer.dispose();
await backend.close();
const rates: number[] = [];
for (const shape of shapes(settings)) rates.push(await rateOf(shape));
const samples: TrainingSamples = {
  parameters: parameterCount(characterModel(settings).parameters),
  nodes,
  stepMs,
  peakGflops: Math.max(...rates),
  peakMemoryBytes,
};
console.log(JSON.stringify(samples));

/** Each in a backend of its own. */
async function rateOf(shape: ProductShape): Promise<number> {
  const own = await createOrtNodeBackend({ device: "cpu" });
  const rate = await productRate(own, shape, { products: 8, runs: 10 });
  await own.close();
  return rate;
}
