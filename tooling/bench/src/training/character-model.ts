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

/** Rows that count up from random tokens, other ones for each step: a loss of ln(vocabulary) at first, which falls. */
export function batchOf({ batch, length, vocabulary }: TrainingSettings, step: number) {
  const starts = randomIntegers(foldIn(randomKey(1), step), batch, 0, vocabulary);
  const from = (first: number): HostTensor => {
    const ids = [...starts].flatMap((start) =>
      Array.from({ length }, (_, place) => (start + first + place) % vocabulary),
    );
    return tensor(ids, [batch, length], "int32");
  };
  return { tokens: from(0), labels: from(1) };
}
