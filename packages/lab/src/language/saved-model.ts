import { bytesSource, type Checkpoint, openCheckpoint } from "@relpos/checkpoints";
import { encodeSafetensors } from "@relpos/checkpoints/safetensors";
import type { HostTensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { readTokenizer } from "@relpos/pipelines";
import { type Tokenizer, tokenizerConfig } from "@relpos/text";
import { require } from "../compare/errors.js";
import { type RunStore, writeJson } from "../train/run-store.js";
import { settingsOfCheckpoint, taskOfCheckpoint } from "./checkpoint-settings.js";
import { type ConversationForm, chatTemplate, conversationOf } from "./conversation.js";
import { type LanguageModel, taskModel } from "./language-model.js";
import { configOf, type LanguageTaskName } from "./model-settings.js";

/** A trained model: what it is, its weights, and its tokenizer. */
export interface SavedModel {
  readonly model: LanguageModel;
  readonly weights: Named<HostTensor>;
  readonly tokenizer: Tokenizer;
  /** How its conversations are written. Default: in our form. */
  readonly conversation?: ConversationForm | undefined;
}

/** The files of a model's folder, as Hugging Face names them. */
export const modelFiles = {
  config: "config.json",
  weights: "model.safetensors",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
  generationConfig: "generation_config.json",
} as const;

/** Writes a model of relpos as a folder of Hugging Face's kind, which `openCheckpoint` and pipelines open. */
export async function saveModel(store: RunStore, { model, weights, tokenizer }: SavedModel): Promise<void> {
  const { task } = model.settings;
  const special = specialIds(tokenizer);
  await writeJson(store, modelFiles.tokenizer, tokenizer);
  await writeJson(store, modelFiles.tokenizerConfig, {
    ...tokenizerConfig(tokenizer.vocabulary),
    ...(task === "dialogue" && { chat_template: chatTemplate }),
  });
  await store.write(modelFiles.weights, encodeSafetensors(weights, { metadata: { format: "pt" } }));
  if (model.model.task === "causal-lm") {
    const drawn = task === "lm" && { do_sample: true, temperature: 0.8, top_k: 0 };
    await writeJson(store, modelFiles.generationConfig, { ...special, ...drawn, max_new_tokens: 100 });
  }
  const start = task === "translate" && { decoder_start_token_id: special.bos_token_id };
  await writeJson(store, modelFiles.config, { ...configOf(model.settings), ...special, ...start });
}

/** What of special tokens generation needs to know. */
function specialIds({ vocabulary }: Tokenizer): Readonly<Record<string, number>> {
  const { bos, eos } = vocabulary.special;
  return { ...(bos !== undefined && { bos_token_id: bos }), ...(eos !== undefined && { eos_token_id: eos }) };
}

/** Reads a model's folder. Errors name the file that is missing or wrong. */
export async function loadModel(store: Pick<RunStore, "read">): Promise<SavedModel> {
  const entries = await Promise.all(
    Object.values(modelFiles).map(async (name) => [name, await store.read(name)] as const),
  );
  const files = new Map(entries.flatMap(([name, bytes]) => (bytes ? [[name, bytesSource(bytes, name)] as const] : [])));
  for (const name of [modelFiles.config, modelFiles.weights, modelFiles.tokenizer]) {
    require(files.has(name), () => `the model has no ${name}`, () =>
      "choose a folder that `relpos train` has finished");
  }
  const checkpoint = await openCheckpoint(files);
  try {
    return await savedModelOf(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** A checkpoint of any family as a model of a language task that its head is for. Default: that of `taskOfCheckpoint`. */
export async function savedModelOf(checkpoint: Checkpoint, wanted?: LanguageTaskName): Promise<SavedModel> {
  const tokenizer = await readTokenizer(checkpoint.files);
  const model = taskModel(
    settingsOfCheckpoint(checkpoint, tokenizer, taskOfCheckpoint(checkpoint, wanted)),
    checkpoint.model,
  );
  return {
    model,
    tokenizer,
    conversation: await conversationOf(checkpoint, tokenizer),
    weights: await checkpoint.load(),
  };
}
