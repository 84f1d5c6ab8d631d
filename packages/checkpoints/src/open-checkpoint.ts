import { check, type HostTensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { Config, type ConfigFields, parseConfig } from "./config/config.js";
import { families } from "./families/index.js";
import type { Model } from "./model/model.js";
import { type Task, taskOf } from "./model/task.js";
import type { Safetensors } from "./safetensors/reader.js";
import type { ReadOptions } from "./source/byte-source.js";
import { type Folder, openWeights, readFolder, readText } from "./source/open-folder.js";
import { type LoadOptions, loadWeights, resolveWeights } from "./weights/load.js";

export interface OpenOptions extends ReadOptions {
  /** Which head to give the model. Default: that of the configuration's `architectures`. */
  readonly task?: Task;
}

/** A model of a file and its weights, which are read when they are asked for. */
export interface Checkpoint {
  readonly config: ConfigFields;
  /** The configuration's `model_type`. */
  readonly family: string;
  readonly model: Model;
  readonly weights: Safetensors;
  /** Names of tensors in the file that the model does not use. */
  readonly unused: readonly string[];
  /** Values of all parameters. */
  load(options?: LoadOptions): Promise<Named<HostTensor>>;
  /** Closes the files. A second call does nothing. */
  close(): Promise<void>;
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
  const { model, names } = family(config, options.task ?? taskOf(architecture as string));
  config.finish();
  const weights = await openWeights(folder, options);
  const resolved = resolveWeights(weights, model.parameters, names);
  const used = new Set([...resolved.values()].flatMap(({ from }) => from));
  return {
    config: fields,
    family: type,
    model,
    weights,
    unused: [...weights.tensors.keys()].filter((name) => !used.has(name)),
    load: (loadOptions) => loadWeights(weights, model.parameters, names, loadOptions),
    close: async () => {
      await Promise.all([...folder.values()].map((file) => file.close()));
    },
  };
}
