import {
  type Checkpoint,
  type CheckpointSource,
  type OpenOptions,
  openCheckpoint,
  openLlama2c,
} from "@relpos/checkpoints";
import { check } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { TextTokenizer } from "../text/text-tokenizer.js";
import { readChatTemplate, readGenerationConfig, readTokenizer } from "./checkpoint-files.js";
import { generationSettings } from "./generation-config.js";
import { openLanguageModel } from "./open-language-model.js";
import { TextGenerator, vocabularySize } from "./text-generator.js";

export interface OpenTextGeneratorOptions extends OpenOptions {
  readonly backend: Backend;
  /** Default: that of the checkpoint's tokenizer.json. */
  readonly tokenizer?: TextTokenizer | undefined;
  /** Most tokens that the model can see. Default: by its configuration, or by `rope`. */
  readonly contextLength?: number | undefined;
}

/**
 * A text generator from a checkpoint, with what its files say of tokens (tokenizer.json), defaults and end tokens
 * (generation_config.json) and conversations (chat_template). A path that ends in `.bin` is a model of llama2.c.
 *
 * Errors as `openCheckpoint`, for models that are no decoders, and for tokenizers with more tokens than the model.
 */
export async function openTextGenerator(
  source: CheckpointSource | Checkpoint,
  { backend, tokenizer: own, contextLength, ...options }: OpenTextGeneratorOptions,
): Promise<TextGenerator> {
  const given = typeof source === "object" && "model" in source;
  const checkpoint = given ? source : await open(source, options);
  try {
    const { config, files, model: form } = checkpoint;
    const tokenizer = own ?? (await readTokenizer(files, options));
    checkVocabularies(tokenizer, vocabularySize(form));
    const settings = generationSettings(config, await readGenerationConfig(files, options));
    const model = await openLanguageModel(checkpoint, backend, options);
    return new TextGenerator(model, tokenizer, {
      ...settings,
      chatTemplate: await readChatTemplate(files, options),
      // What relpos trains has short contexts, and is to be tried beyond them.
      slides: checkpoint.family === "relpos",
      contextLength: contextLength ?? checkpoint.contextLength,
    });
  } finally {
    if (!given) await checkpoint.close();
  }
}

const open = (source: CheckpointSource, options: OpenOptions): Promise<Checkpoint> =>
  typeof source === "string" && source.endsWith(".bin")
    ? openLlama2c(source, options)
    : openCheckpoint(source, options);

/** Errors when a plain token has no embedding; special ones that were added later do no harm until they occur. */
function checkVocabularies({ vocabulary }: TextTokenizer, size: number): void {
  for (let id = size; id < vocabulary.size; id++) {
    check(vocabulary.isSpecial(id), "openTextGenerator", () => {
      return `the tokenizer's ${vocabulary.size} tokens must be among the model's ${size}, got ${JSON.stringify(vocabulary.tokenOf(id))} as token ${id}`;
    });
  }
}
