import {
  type Checkpoint,
  type CheckpointSource,
  type ConfigFields,
  type LoadOptions,
  openCheckpoint,
} from "@relpos/checkpoints";
import type { Backend } from "@relpos/core/backend";
import type { Tokenizer } from "@relpos/text";
import { LanguageModel } from "./language-model.js";
import { TextGenerator, type TextGeneratorOptions } from "./text-generator.js";

export interface OpenTextGeneratorOptions extends LoadOptions {
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
}

/** A text generator from a checkpoint; errors as `openCheckpoint`, and for models that are no decoders. */
export async function openTextGenerator(
  source: CheckpointSource | Checkpoint,
  { backend, tokenizer, ...options }: OpenTextGeneratorOptions,
): Promise<TextGenerator> {
  const given = typeof source === "object" && "model" in source;
  const checkpoint = given ? source : await openCheckpoint(source, options);
  try {
    const model = await LanguageModel.create(checkpoint.model, checkpoint.stream(options), backend);
    return new TextGenerator(model, tokenizer, settingsOf(checkpoint.config));
  } finally {
    if (!given) await checkpoint.close();
  }
}

/** What a configuration says of generation. */
function settingsOf(config: ConfigFields): TextGeneratorOptions {
  const end = config.eos_token_id;
  const context = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx;
  return {
    endTokens: (Array.isArray(end) ? end : [end]).filter((token): token is number => typeof token === "number"),
    ...(typeof context === "number" && { contextLength: context }),
  };
}
