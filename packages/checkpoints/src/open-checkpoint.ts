import { check } from "@relpos/core";
import { type Checkpoint, checkpointOf } from "./checkpoint.js";
import { Config, parseConfig } from "./config/config.js";
import { families } from "./families/index.js";
import { type Task, taskOf } from "./model/task.js";
import type { ReadOptions } from "./source/byte-source.js";
import { type Folder, openWeights, readFolder, readText } from "./source/open-folder.js";

export interface OpenOptions extends ReadOptions {
  /** Which head to give the model. Default: that of the configuration's `architectures`. */
  readonly task?: Task;
}

/** What a checkpoint can be opened from: the path of a folder (in Node), or its files by name. */
export type CheckpointSource = string | Folder;

/**
 * Opens a checkpoint as Hugging Face writes it: `config.json` beside safetensors. Reads the configuration and the headers;
 * `load` reads the weights.
 *
 * Errors name what is wrong: a `model_type` or an architecture that relpos does not know, a setting that may change results and
 * that nothing read, a tensor that is missing.
 */
export async function openCheckpoint(source: CheckpointSource, options: OpenOptions = {}): Promise<Checkpoint> {
  const folder = typeof source === "string" ? await readFolder(source) : source;
  try {
    return await openFolder(folder, options);
  } catch (error) {
    await Promise.all([...folder.values()].map((file) => file.close()));
    throw error;
  }
}

async function openFolder(folder: Folder, options: OpenOptions): Promise<Checkpoint> {
  const fields = parseConfig("config.json", await readText(folder, "config.json", options));
  const config = new Config(fields);
  const type = config.text("model_type");
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  check(
    family,
    "openCheckpoint",
    () => `model_type must be one of ${Object.keys(families).sort().join(", ")}, got ${type}`,
  );
  const [architecture] = config.texts("architectures") ?? [];
  check(options.task || architecture, "openCheckpoint", () => "config.json names no architecture: give a task");
  const blueprint = family(config, options.task ?? taskOf(architecture as string));
  config.finish();
  const weights = await openWeights(folder, options);
  const close = async (): Promise<void> => {
    await Promise.all([...folder.values()].map((file) => file.close()));
  };
  return checkpointOf({ family: type, config: fields, blueprint, weights, close });
}
