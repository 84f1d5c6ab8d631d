import { foldIn, type HostTensor, randomIntegers, randomKey, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { rope } from "@relpos/core/encodings";
import { type Transformer, transformer } from "@relpos/core/nn";
import { adamW, nextToken, Trainer, tokenBatch } from "@relpos/core/train";
import type { TrainingSettings } from "./models.js";

/** The model of the settings, with RoPE. */
export function characterModel(settings: TrainingSettings): Transformer {
  return transformer({ ...settings, position: rope() });
}

/** Its training by AdamW with clipping, from initial weights of seed 0. */
export function characterTrainer<T>(backend: Backend<T>, settings: TrainingSettings): Promise<Trainer<T>> {
  const model = characterModel(settings);
  return Trainer.create(backend, {
    parameters: model.parameters,
    loss: nextToken(model),
    batch: tokenBatch(settings.batch, settings.length),
    optimizer: adamW(),
    clipNorm: 1,
    parts: settings.parts,
  });
}

/** Random tokens, other ones for each step. */
export function batchOf({ batch, length, vocabulary }: TrainingSettings, step: number) {
  const ids = randomIntegers(foldIn(randomKey(1), step), batch * length + 1, 0, vocabulary);
  const of = (values: Int32Array): HostTensor => tensor(values, [batch, length], "int32");
  return { tokens: of(ids.subarray(0, -1)), labels: of(ids.subarray(1)) };
}
