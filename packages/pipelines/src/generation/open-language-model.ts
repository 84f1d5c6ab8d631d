import type { Checkpoint, LoadOptions } from "@relpos/checkpoints";
import type { Backend } from "@relpos/core/backend";
import { LanguageModel } from "./language-model.js";
import { hasSumsOfNaN } from "./sums.js";

/**
 * A checkpoint's decoder on a backend. Where the backend maps files the weights stay in theirs, and are looked through for what is
 * no number by the backend, while the steps are compiled.
 */
export async function openLanguageModel(
  checkpoint: Checkpoint,
  backend: Backend,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  if (!backend.map) return LanguageModel.create(checkpoint.model, checkpoint.stream(options), backend);
  const language = await LanguageModel.create(checkpoint.model, checkpoint.places(options), backend);
  try {
    const [foundNaN] = await Promise.all([hasSumsOfNaN(language, options), language.prepare()]);
    if (foundNaN) await checkpoint.checkPlaces(options);
    return language;
  } catch (error) {
    await language.close();
    throw error;
  }
}
