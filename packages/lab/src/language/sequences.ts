import { foldIn, type HostTensor, randomKey, type TensorType } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { bucketedBatches, type Tokenizer } from "@relpos/text";
import { digitsOf } from "../compare/digits.js";
import { require } from "../compare/errors.js";
import type { LanguageModel } from "./language-model.js";
import type { ModelSizes, TaskTraining, TrainingOptions } from "./language-task.js";
import type { LanguageTaskName, ModelSettings } from "./model-settings.js";

/** The settings that every task makes alike. */
export function commonSettings(task: LanguageTaskName, { vocabulary }: Tokenizer, sizes: ModelSizes): ModelSettings {
  const { layers, width, heads, feedForward, length, encoding } = sizes;
  return {
    task,
    vocabulary: vocabulary.size,
    layers,
    width,
    heads,
    feedForward,
    length,
    encoding,
    digits: digitsOf(vocabulary.tokens),
    pad: vocabulary.special.pad ?? 0,
  };
}

/** The id of a special token. Errors where the tokenizer has none. */
export function specialToken({ vocabulary }: Tokenizer, role: keyof Tokenizer["vocabulary"]["special"]): number {
  const id = vocabulary.special[role];
  require(id !== undefined, () => `the tokenizer has no ${role} token`, () =>
    "train another tokenizer, or name the token in tokenizer_config.json");
  return id;
}

/** A type of int32 numbers. */
export const int32 = (...shape: TensorType["shape"][number][]): TensorType => ({ shape, dtype: "int32" });

/** Examples in batches of like length, each made of rows by their numbers. */
export function exampleTraining(
  request: {
    readonly model: LanguageModel;
    /** Length of each example. */
    readonly sizes: readonly number[];
    readonly loss: TaskTraining["loss"];
    /** Types of a batch of rows of a length. */
    types(batch: number, length: number): Named<TensorType>;
    /** Rows of a length at a step. */
    rows(rows: readonly number[], length: number, step: number): Named<HostTensor>;
  },
  { batch, seed, buckets }: TrainingOptions,
): TaskTraining {
  const { model, sizes, loss, types, rows } = request;
  const plan = bucketedBatches({ sizes, batch, buckets, key: foldIn(randomKey(seed), "batches") });
  const drawn = model.positions(seed);
  const withPositions = <V>(values: Named<V>, make: (tokens: V) => V): Named<V> => {
    if (!drawn) return values;
    const { tokens, source } = values as { tokens: V; source?: V };
    return { ...values, positions: make(tokens), ...(source !== undefined && { sourcePositions: make(source) }) };
  };
  return {
    loss,
    perEpoch: plan.perEpoch,
    batchTypes: [...plan.lengths].reverse().map((length) => withPositions(types(batch, length), (type) => type)),
    batch: (step) => {
      const { length, rows: chosen } = plan.at(step);
      return withPositions(rows(chosen, length, step), (tokens) => drawn!.training(step, tokens));
    },
  };
}
