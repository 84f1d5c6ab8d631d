import { batchOf, characterTrainer } from "../training/character-model.js";
import type { TrainingSettings } from "../training/models.js";
import type { Program } from "./program.js";

export interface LossesSettings {
  readonly model: TrainingSettings;
  readonly steps: number;
}

/** Losses of the first steps of training: the same batches and initial weights everywhere. */
export const losses: Program<LossesSettings, readonly number[]> = async (backend, { model, steps }, report) => {
  const trainer = await characterTrainer(backend, model);
  const result: number[] = [];
  for (let step = 0; step < steps; step++) {
    result.push((await trainer.train(batchOf(model, step))).loss);
    report(`step ${step + 1}/${steps}`);
  }
  await trainer.dispose();
  return result;
};
