import { check } from "@relpos/core";
import { type Checkpoint, checkpointOf } from "./checkpoint.js";
import { Config, type ConfigFields, parseConfig } from "./config/config.js";
import { type RopeOverride, withRope } from "./config/rope-override.js";
import { families } from "./families/index.js";
import { type Task, taskOf } from "./model/task.js";
import type { HubOptions } from "./source/hub.js";
import { type Folder, type FolderLike, openFolder, openWeights, readText } from "./source/open-folder.js";

export interface OpenOptions extends HubOptions {
  /** Which head to give the model. Default: that of the configuration's `architectures`. */
  readonly task?: Task;
  /** Another scaling of the rotary embedding than the configuration's: `{ type: "yarn", factor: 4 }` reads four times as far. */
  readonly rope?: RopeOverride;
}

/**
 * What a checkpoint can be opened from: a folder's path (in Node), an address, a model's name on the Hugging Face hub, files that
 * a user chose, or files by name.
 */
export type CheckpointSource = FolderLike;

/**
 * Opens a checkpoint as Hugging Face writes it: `config.json` beside safetensors. Reads the configuration and the headers;
 * `load` reads the weights.
 *
 * Errors name what is wrong: a `model_type` or an architecture that relpos does not know, a setting that may change results and
 * that nothing read, a tensor that is missing.
 */
export async function openCheckpoint(source: CheckpointSource, options: OpenOptions = {}): Promise<Checkpoint> {
  const folder = await openFolder(source, options);
  try {
    return await openFiles(folder, options);
  } catch (error) {
    await Promise.all([...folder.values()].map((file) => file.close()));
    throw error;
  }
}

async function openFiles(folder: Folder, options: OpenOptions): Promise<Checkpoint> {
  const given = parseConfig("config.json", await readText(folder, "config.json", options));
  const fields: ConfigFields = options.rope ? withRope(given, options.rope) : given;
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
  return checkpointOf({ family: type, config: fields, blueprint, weights, files: folder });
}
