import { check } from "@relpos/core";
import { type Adapter, adapterFileNames, openAdapter, readAdapter } from "./adapter/adapter-files.js";
import { mergeAdapter } from "./adapter/merge-adapter.js";
import { type Checkpoint, checkpointOf } from "./checkpoint.js";
import { parseConfig } from "./config/config.js";
import { contextLengthOf } from "./config/context-length.js";
import type { RopeOverride } from "./config/rope-override.js";
import { type WithRope, withRope } from "./config/with-rope.js";
import { blueprintOf } from "./families/blueprint.js";
import { withHead } from "./fresh-head.js";
import { type Task, taskOf } from "./model/task.js";
import { inDType } from "./quantized/quantized-checkpoint.js";
import type { WeightDType } from "./quantized/quantized-model.js";
import type { Folder } from "./source/folder.js";
import type { HubOptions } from "./source/hub.js";
import { type FolderLike, openFolder, openWeights, readText } from "./source/open-folder.js";

export interface OpenOptions extends HubOptions {
  /** Which head to give the model. Default: that of the configuration's `architectures`. */
  readonly task?: Task;
  /**
   * Another scaling of the rotary embedding than the configuration's, or other distances: `{ type: "yarn", factor: 4 }` reads
   * four times as far, `{ type: "auto", length: 16384 }` so many tokens by what is recommended first. `parseRope` reads them
   * from text.
   */
  readonly rope?: RopeOverride;
  /** A low-rank adapter that is merged into the weights as they are read: as PEFT writes it, or opened. Default: none. */
  readonly adapter?: FolderLike | Adapter | undefined;
  /**
   * In what the weights are kept: 16-bit floats, or blocks of 8 or 4 bits, made when a checkpoint is first opened so and then
   * kept in a file below `cacheFolder`. Default "fp32".
   */
  readonly dtype?: WeightDType;
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
  if (folder.has(adapterFileNames.config) && !folder.has("model.safetensors")) return openAdapted(folder, options);
  const given = parseConfig("config.json", await readText(folder, "config.json", options));
  const { remap, ...opened }: WithRope = options.rope
    ? withRope(given, options.rope)
    : { config: given, contextLength: contextLengthOf(given) };
  const blueprint = blueprintOf(opened.config, options.task, { rope: opened.rope, remap });
  const weights = await openWeights(folder, options);
  const family = opened.config.model_type as string;
  const checkpoint = checkpointOf({ ...opened, family, blueprint, weights, files: folder });
  const { adapter, dtype = "fp32" } = options;
  if (adapter === undefined) return inDType(checkpoint, options);
  check(
    dtype === "fp32",
    "openCheckpoint",
    () => `dtype must be fp32 with an adapter, got ${dtype}: save it merged first`,
  );
  return mergeAdapter(checkpoint, isAdapter(adapter) ? adapter : await openAdapter(adapter, options));
}

/** An adapter's folder alone: its base by the name that it gives, with the head that its own configuration says. */
async function openAdapted(folder: Folder, { task: wanted, ...options }: OpenOptions): Promise<Checkpoint> {
  const read = async (name: string) => parseConfig(name, await readText(folder, name, options));
  const { base_model_name_or_path: name } = await read(adapterFileNames.config);
  check(
    typeof name === "string",
    "openCheckpoint",
    () => "the adapter names no base: give it with the base's `adapter`",
  );
  const { dtype = "fp32" } = options;
  check(
    dtype === "fp32",
    "openCheckpoint",
    () => `dtype must be fp32 with an adapter, got ${dtype}: save it merged first`,
  );
  const adapter = await readAdapter(folder, options);
  const config = folder.has("config.json") ? await read("config.json") : {};
  const [architecture] = (config.architectures ?? []) as readonly string[];
  check(options.adapter === undefined, "openCheckpoint", () => "an adapter takes no other adapter");
  const base = await openCheckpoint(name, options);
  try {
    const { id2label, label2id, problem_type, num_labels, pad_token_id, relpos_task } = config;
    const named = { id2label, label2id, problem_type, num_labels, pad_token_id, relpos_task };
    const settings = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
    const task = wanted ?? (architecture === undefined ? base.model.task : taskOf(architecture));
    const merged = mergeAdapter(withHead(base, { task, settings }), adapter);
    const close = async (): Promise<void> => {
      await Promise.all([base.close(), ...[...folder.values()].map((file) => file.close())]);
    };
    return { ...merged, files: new Map([...base.files, ...folder]), close };
  } catch (error) {
    await base.close();
    throw error;
  }
}

function isAdapter(source: FolderLike | Adapter): source is Adapter {
  return typeof source === "object" && "tensors" in source;
}
