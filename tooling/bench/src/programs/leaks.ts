import { graph, reduceSum, Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { parameterInputs } from "@relpos/core/nn";
import type { Trainer } from "@relpos/core/train";
import { batchOf, characterModel, characterTrainer } from "../training/character-model.js";
import type { TrainingSettings } from "../training/models.js";
import type { Program } from "./program.js";

export interface LeaksSettings {
  readonly model: TrainingSettings;
  /** Training steps, and as many runs of inference after them. */
  readonly runs: number;
  /** Measured so many times in each. */
  readonly samples: number;
}

/** What was held after so many runs. */
export interface HeldSample {
  readonly runs: number;
  readonly tensors: number;
  /** Resident memory in Node, the JavaScript heap in a browser. */
  readonly bytes: number;
}

export interface Leaks {
  readonly training: readonly HeldSample[];
  readonly inference: readonly HeldSample[];
}

/** Tensors and memory while a small model trains and while it runs, again and again. */
export const leaks: Program<LeaksSettings, Leaks> = async (backend, settings, report) => {
  const trainer = await characterTrainer(backend, settings.model);
  const train = async (run: number) => void (await trainer.train(batchOf(settings.model, run)));
  const training = await watched(backend, settings, train);
  report("trained");
  const infer = await inference(backend, trainer, settings.model);
  const result = { training, inference: await watched(backend, settings, infer.run) };
  await infer.close();
  await trainer.dispose();
  return result;
};

async function watched(
  backend: Backend,
  { runs, samples }: LeaksSettings,
  work: (run: number) => Promise<void>,
): Promise<readonly HeldSample[]> {
  const held: HeldSample[] = [];
  for (let run = 1; run <= runs; run++) {
    await work(run);
    if (run % Math.ceil(runs / samples) === 0) {
      held.push({ runs: run, tensors: (await backend.memory()).tensors, bytes: memoryInUse() });
    }
  }
  return held;
}

async function inference(backend: Backend, trainer: Trainer, settings: TrainingSettings) {
  const model = characterModel(settings);
  const parameters = parameterInputs(model.parameters);
  const tokens = Tensor.input({ shape: [settings.batch, settings.length], dtype: "int32" }, "tokens");
  const { logits } = model.forward(parameters, { tokens });
  const executable = await backend.compile(graph([...Object.values(parameters), tokens], [reduceSum(logits)]));
  const weights = trainer.parameters;
  return {
    run: async (run: number): Promise<void> => {
      const ids = await backend.upload(batchOf(settings, run).tokens);
      const feeds = new Map<Tensor, unknown>([[tokens, ids]]);
      for (const [name, input] of Object.entries(parameters)) feeds.set(input, weights[name]);
      for (const output of await executable.run(feeds)) {
        await backend.download(output);
        backend.dispose(output);
      }
      backend.dispose(ids);
    },
    close: () => executable.close(),
  };
}

/** Node's resident memory, once garbage is collected; where there is no process, what Chromium says of the heap. */
function memoryInUse(): number {
  const { gc, process, performance } = globalThis as {
    gc?(): void;
    process?: { memoryUsage?(): { rss: number } };
    performance?: { memory?: { usedJSHeapSize: number } };
  };
  gc?.();
  return process?.memoryUsage?.().rss ?? performance?.memory?.usedJSHeapSize ?? 0;
}
