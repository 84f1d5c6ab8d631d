import type { Checkpoint, Task } from "@relpos/checkpoints";
import { longestOf, paddingOf } from "@relpos/pipelines";
import type { Tokenizer } from "@relpos/text";
import { require } from "../compare/errors.js";
import { type LanguageTaskName, type ModelSettings, settingsOfConfig } from "./model-settings.js";

/** The head that a language task needs. */
export const headOf: Readonly<Record<LanguageTaskName, Task>> = {
  lm: "causal-lm",
  dialogue: "causal-lm",
  mlm: "masked-lm",
  classify: "sequence-classification",
  qa: "question-answering",
  translate: "seq2seq-lm",
};

/** The language task that a checkpoint is for: the one that it was trained for here, else the wanted one or the first with its head. */
export function taskOfCheckpoint({ config, model }: Checkpoint, wanted?: LanguageTaskName): LanguageTaskName {
  const named = config.relpos_task as LanguageTaskName | undefined;
  if (named !== undefined && headOf[named] === model.task) return named;
  const names = Object.keys(headOf) as LanguageTaskName[];
  if (wanted && headOf[wanted] === model.task) return wanted;
  const found = names.find((name) => headOf[name] === model.task);
  require(found, () => `no language task has the model's head, ${model.task}`, () =>
    `choose a model with a head for ${Object.values(headOf).join(", ")}`);
  return found;
}

/** The settings of a checkpoint of any family as a model of its task. */
export function settingsOfCheckpoint(
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
  task: LanguageTaskName = taskOfCheckpoint(checkpoint),
): ModelSettings {
  const { config, family, model } = checkpoint;
  if (family === "relpos") return settingsOfConfig(config);
  const [vocabulary = 0, width = 0] = model.parameters["embedding.weight"]?.shape ?? [];
  const labels = config.id2label as Readonly<Record<string, string>> | undefined;
  const start = config.decoder_start_token_id;
  return {
    task,
    vocabulary,
    width,
    layers: model.encodings?.length ?? 0,
    heads: numberOf(config, ["num_attention_heads", "n_head", "num_heads", "n_heads"]) ?? 1,
    feedForward: numberOf(config, ["intermediate_size", "n_inner", "d_ff", "d_inner", "ffn_dim"]) ?? 4 * width,
    length: longestOf(config, model),
    encoding: model.encodings?.[0]?.kind ?? "none",
    family,
    digits: [],
    pad: paddingOf(config, tokenizer),
    ...(typeof start === "number" && { start }),
    ...(labels &&
      model.task === "sequence-classification" && {
        labels: Object.values(labels),
        multiLabel: config.problem_type === "multi_label_classification",
      }),
  };
}

function numberOf(config: Readonly<Record<string, unknown>>, names: readonly string[]): number | undefined {
  return names.map((name) => config[name]).find((value) => typeof value === "number") as number | undefined;
}
