import { constant, type HostTensor, stopGradient, tensor, where } from "@relpos/core";
import type { ParameterSpecs } from "@relpos/core/nn";
import type { InitialEmbedding } from "@relpos/text";
import { require } from "../compare/errors.js";
import type { TaskTraining } from "./language-task.js";

/** The parameter that holds the embeddings, float32 [V, D]. */
export const embeddingName = "embedding.weight";

/** Rows that keep their vectors: bool [V, 1]. Errors where there are no vectors. */
export function frozenRows(embedding: InitialEmbedding | undefined): HostTensor {
  require(embedding, () => "embeddings can be frozen only where word vectors fill them", () => "name --vectors too");
  const { shape, data } = embedding.trainable;
  return tensor(
    Uint8Array.from(data, (value) => Number(value === 0)),
    shape as number[],
    "bool",
  );
}

/** A training whose loss does not depend on frozen rows: their gradient is 0, and AdamW and SGD leave them as they are. */
export function withFrozenRows(training: TaskTraining, frozen: HostTensor): TaskTraining {
  return {
    ...training,
    loss: (weights, batch, drop) => {
      const table = weights[embeddingName]!;
      const kept = where(constant(frozen), stopGradient(table), table);
      return training.loss({ ...weights, [embeddingName]: kept }, batch, drop);
    },
  };
}

/** Parameters whose embeddings weight decay does not pull at. */
export function withoutDecay(parameters: ParameterSpecs): ParameterSpecs {
  const { [embeddingName]: own } = parameters;
  return own ? { ...parameters, [embeddingName]: { ...own, decay: false } } : parameters;
}
