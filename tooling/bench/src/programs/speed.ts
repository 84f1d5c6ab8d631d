import { graph, reduceSum, slice, Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { parameterCount, parameterInputs } from "@relpos/core/nn";
import type { Trainer } from "@relpos/core/train";
import { batchOf, characterModel, characterTrainer } from "../training/character-model.js";
import type { TrainingSettings } from "../training/models.js";
import { productRate } from "../training/product-rate.js";
import type { Program } from "./program.js";

export interface SpeedSettings {
  readonly model: TrainingSettings;
  /** At least so long and so often each is repeated, after one run that is not timed. */
  readonly seconds: number;
  readonly runs: number;
}

export interface Speed {
  readonly stepMs: readonly number[];
  /** Logits of the same batch; one number is fetched. */
  readonly forwardMs: readonly number[];
  /** Rate of a product of 512 × 512 matrices, in 10⁹ operations a second. */
  readonly peakGflops?: number;
  /** Of the model. */
  readonly parameters?: number;
}

/** Times of training steps and of forward passes, and the rate of a product to judge them by. */
export const speed: Program<SpeedSettings, Speed> = async (backend, settings, report) => {
  const trainer = await characterTrainer(backend, settings.model);
  let step = 0;
  const stepMs = await repeated(settings, () => trainer.train(batchOf(settings.model, step++)));
  report("steps timed");
  const forwardMs = await forward(backend, trainer, settings);
  await trainer.dispose();
  const peakGflops = await productRate(backend, [512, 512, 512], { products: 4, runs: settings.runs });
  const parameters = parameterCount(characterModel(settings.model).parameters);
  return { stepMs, forwardMs, peakGflops, parameters };
};

async function forward(backend: Backend, trainer: Trainer, settings: SpeedSettings): Promise<readonly number[]> {
  const model = characterModel(settings.model);
  const parameters = parameterInputs(model.parameters);
  const { batch, length } = settings.model;
  const tokens = Tensor.input({ shape: [batch, length], dtype: "int32" }, "tokens");
  const { logits } = model.forward(parameters, { tokens });
  const one = reduceSum(slice(logits, { 0: [0, 1], 1: [0, 1] }));
  const executable = await backend.compile(graph([...Object.values(parameters), tokens], [one]));
  const ids = await backend.upload(batchOf(settings.model, 0).tokens);
  const weights = trainer.parameters;
  const feeds = new Map(Object.entries(parameters).map(([name, input]) => [input, weights[name]] as [Tensor, unknown]));
  feeds.set(tokens, ids);
  const times = await repeated(settings, async () => {
    for (const output of await executable.run(feeds)) {
      await backend.download(output);
      backend.dispose(output);
    }
  });
  backend.dispose(ids);
  await executable.close();
  return times;
}

async function repeated({ seconds, runs }: SpeedSettings, work: () => Promise<unknown>): Promise<readonly number[]> {
  await work();
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < runs || performance.now() - begin < seconds * 1000) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times;
}
