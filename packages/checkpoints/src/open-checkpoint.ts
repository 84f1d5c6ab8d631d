import { type Checkpoint, checkpointOf } from "./checkpoint.js";
import { parseConfig } from "./config/config.js";
import { contextLengthOf } from "./config/context-length.js";
import type { RopeOverride } from "./config/rope-override.js";
import { type WithRope, withRope } from "./config/with-rope.js";
import { blueprintOf } from "./families/blueprint.js";
import type { Task } from "./model/task.js";
import type { HubOptions } from "./source/hub.js";
import { type Folder, type FolderLike, openFolder, openWeights, readText } from "./source/open-folder.js";

export interface OpenOptions extends HubOptions {
  /** Which head to give the model. Default: that of the configuration's `architectures`. */
  readonly task?: Task;
  /**
   * Another scaling of the rotary embedding than the configuration's, or other distances: `{ type: "yarn", factor: 4 }` reads
   * four times as far, `{ type: "auto", length: 16384 }` so many tokens by what is recommended first. `parseRope` reads them
   * from text.
   */
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
  const { remap, ...opened }: WithRope = options.rope
    ? withRope(given, options.rope)
    : { config: given, contextLength: contextLengthOf(given) };
  const blueprint = blueprintOf(opened.config, options.task, { rope: opened.rope, remap });
  const weights = await openWeights(folder, options);
  return checkpointOf({ ...opened, family: opened.config.model_type as string, blueprint, weights, files: folder });
}
