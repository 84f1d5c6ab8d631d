import type { Checkpoint, LoadOptions } from "@relpos/checkpoints";
import type { Backend } from "@relpos/core/backend";
import { LanguageModel } from "./language-model.js";

/**
 * A checkpoint's decoder on a backend. Where the backend maps files the weights stay in theirs, and are looked through for what is
 * no number while the steps are compiled.
 */
export async function openLanguageModel(
  checkpoint: Checkpoint,
  backend: Backend,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  if (!backend.map) return LanguageModel.create(checkpoint.model, checkpoint.stream(options), backend);
  const language = await LanguageModel.create(checkpoint.model, checkpoint.places(options), backend);
  try {
    await Promise.all([language.prepare(), checkpoint.checkPlaces(options)]);
    return language;
  } catch (error) {
    await language.close();
    throw error;
  }
}
