import { encodeSafetensors, openSafetensors } from "@relpos/checkpoints/safetensors";
import type { HostTensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { type Tokenizer, type TokenizerConfig, tokenizerConfig, tokenizerFromJson } from "@relpos/text";
import { require } from "../compare/errors.js";
import { type RunStore, readJson, writeJson } from "../train/run-store.js";
import { type LanguageModel, languageModel } from "./language-model.js";
import { configOf, settingsOfConfig } from "./model-settings.js";

/** A trained model: what it is, its weights, and its tokenizer. */
export interface SavedModel {
  readonly model: LanguageModel;
  readonly weights: Named<HostTensor>;
  readonly tokenizer: Tokenizer;
}

/** The files of a model's folder, as Hugging Face names them. */
export const modelFiles = {
  config: "config.json",
  weights: "model.safetensors",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
} as const;

/** Writes a model as a folder of Hugging Face's kind. */
export async function saveModel(store: RunStore, { model, weights, tokenizer }: SavedModel): Promise<void> {
  await writeJson(store, modelFiles.tokenizer, tokenizer);
  await writeJson(store, modelFiles.tokenizerConfig, tokenizerConfig(tokenizer.vocabulary));
  await store.write(modelFiles.weights, encodeSafetensors(weights, { metadata: { format: "pt" } }));
  await writeJson(store, modelFiles.config, configOf(model.settings));
}

/** Reads what `saveModel` wrote. Errors name the file that is missing or wrong. */
export async function loadModel(store: Pick<RunStore, "read">): Promise<SavedModel> {
  const json = async (name: string): Promise<Readonly<Record<string, unknown>>> => {
    const value = (await readJson(store, name)) as Readonly<Record<string, unknown>> | undefined;
    require(value, () => `the model has no ${name}`, () => "choose a folder that `relpos train` has finished");
    return value;
  };
  const model = languageModel(settingsOfConfig(await json(modelFiles.config)));
  const tokenizer = tokenizerFromJson(
    JSON.stringify(await json(modelFiles.tokenizer)),
    (await readJson(store, modelFiles.tokenizerConfig)) as TokenizerConfig | undefined,
  );
  const bytes = await store.read(modelFiles.weights);
  require(bytes, () => `the model has no ${modelFiles.weights}`, () =>
    "choose a folder that `relpos train` has finished");
  const file = await openSafetensors(bytes);
  try {
    const names = Object.keys(model.parameters);
    const entries = await Promise.all(names.map(async (name) => [name, await file.load(name)] as const));
    return { model, tokenizer, weights: Object.fromEntries(entries) };
  } finally {
    await file.close();
  }
}
