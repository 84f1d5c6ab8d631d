// Run by the train benchmark in a process of its own: one model's steps, and matrix products between them.
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { graph, matMul, slice, Tensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { parameterCount } from "@relpos/core/nn";
import { spread } from "../benchmark.js";
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";
import { batchOf, characterModel, characterTrainer } from "./character-model.js";
import type { TrainingSettings } from "./models.js";

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
const shapes = (s: TrainingSettings): readonly (readonly [number, number, number])[] => {
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
for (const shape of shapes(settings)) rates.push(await matMulRate(shape));
const samples: TrainingSamples = {
  parameters: parameterCount(characterModel(settings).parameters),
  nodes,
  stepMs,
  peakGflops: Math.max(...rates),
  peakMemoryBytes,
};
console.log(JSON.stringify(samples));

/** Rate of [rows, inner] × [inner, columns], several in a call, so that the call and its copies do not count. */
async function matMulRate([rows, inner, columns]: readonly [number, number, number]): Promise<number> {
  const products = 8;
  const own = await createOrtNodeBackend({ device: "cpu" });
  const time = await timeOf(own, rows, inner, columns, products);
  await own.close();
  return (2 * rows * inner * columns * products) / time / 1e6;
}

/** Milliseconds of several products of the same size in one graph, of which one number each is fetched. */
async function timeOf<T>(
  own: Backend<T>,
  rows: number,
  inner: number,
  columns: number,
  products: number,
): Promise<number> {
  const left = Array.from({ length: products }, () => Tensor.input({ shape: [rows, inner], dtype: "float32" }));
  const right = Tensor.input({ shape: [inner, columns], dtype: "float32" });
  const executable = await own.compile(
    graph(
      [...left, right],
      left.map((x) => slice(matMul(x, right), { 0: [0, 1], 1: [0, 1] })),
    ),
  );
  const feeds = new Map<Tensor, T>();
  for (const input of [...left, right]) {
    const size = (input.shape as readonly number[]).reduce((a, b) => a * b, 1);
    feeds.set(input, await own.upload(tensor(new Float32Array(size).fill(0.5), input.shape as readonly number[])));
  }
  const times: number[] = [];
  for (let run = 0; run < 12; run++) {
    const start = performance.now();
    const outputs = await executable.run(feeds);
    times.push(performance.now() - start);
    for (const output of outputs) own.dispose(output);
  }
  return spread(times.slice(2)).medianMs;
}
