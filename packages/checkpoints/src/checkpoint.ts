import type { HostTensor } from "@relpos/core";
import type { FileTensor } from "@relpos/core/backend";
import type { Named, ParameterSpec } from "@relpos/core/nn";
import type { ConfigFields } from "./config/config.js";
import type { RopeOverride } from "./config/rope-override.js";
import type { Blueprint } from "./families/family.js";
import type { Model } from "./model/model.js";
import type { Safetensors } from "./safetensors/reader.js";
import type { Folder } from "./source/folder.js";
import {
  checkNumbers,
  type LoadOptions,
  loadWeights,
  placeOf,
  type ResolvedWeight,
  resolveWeights,
  streamWeights,
} from "./weights/load.js";

/** A model of a file and its weights, which are read when they are asked for. */
export interface Checkpoint {
  readonly config: ConfigFields;
  /** The configuration's `model_type`. */
  readonly family: string;
  readonly model: Model;
  /** Most tokens that the model can see, with the scaling of its rotary embedding. Default: no limit is known. */
  readonly contextLength?: number | undefined;
  /** What the model was opened with in place of its rotary embedding, with all settings. Default: nothing. */
  readonly rope?: RopeOverride | undefined;
  readonly weights: Safetensors;
  /** Its files by name, the tokenizer's among them; of a single file none. */
  readonly files: Folder;
  /** Whether an adapter was merged: parameters then differ from what the file holds. Default `false`. */
  readonly merged?: boolean | undefined;
  /** Which tensors of the file each parameter comes from. */
  readonly sources: ReadonlyMap<string, ResolvedWeight>;
  /** Names of tensors in the file that the model does not use. */
  readonly unused: readonly string[];
  /** Values of all parameters. */
  load(options?: LoadOptions): Promise<Named<HostTensor>>;
  /** The same one after another, so that each can be given away before the next is read. */
  stream(options?: LoadOptions): AsyncIterable<readonly [parameter: string, value: HostTensor]>;
  /**
   * The same, where a parameter that lies in a file on disk just as the model takes it comes as its place there, unread: for
   * backends that map files.
   */
  places(options?: LoadOptions): AsyncIterable<readonly [parameter: string, value: HostTensor | FileTensor]>;
  /** Reads the parameters that `places` does not. Errors name the tensor when a value is no number. */
  checkPlaces(options?: LoadOptions): Promise<void>;
  /** Closes the files. A second call does nothing. */
  close(): Promise<void>;
}

export interface CheckpointParts {
  readonly family: string;
  readonly config: ConfigFields;
  readonly blueprint: Blueprint;
  readonly weights: Safetensors;
  /** Default: none. */
  readonly files?: Folder;
  readonly contextLength?: number | undefined;
  readonly rope?: RopeOverride | undefined;
}

/** A checkpoint of a model and the file of its weights. Errors when the file lacks a tensor. */
export function checkpointOf(parts: CheckpointParts): Checkpoint {
  const { family, config, blueprint, weights, files = new Map(), contextLength, rope } = parts;
  const { model, names } = blueprint;
  const resolved = resolveWeights(weights, model.parameters, names);
  const placed = new Map(
    [...resolved].flatMap(([parameter, source]) => {
      const place = placeOf(weights, model.parameters[parameter] as ParameterSpec, source);
      return place ? [[parameter, place] as const] : [];
    }),
  );
  const unplaced = Object.fromEntries(Object.entries(model.parameters).filter(([parameter]) => !placed.has(parameter)));
  const used = new Set([...resolved.values()].flatMap(({ from }) => from));
  return {
    config,
    family,
    model,
    contextLength,
    rope,
    weights,
    files,
    sources: resolved,
    unused: [...weights.tensors.keys()].filter((name) => !used.has(name)),
    load: (options) => loadWeights(weights, model.parameters, names, options),
    stream: (options) => streamWeights(weights, model.parameters, names, options),
    places: async function* (options) {
      for (const [parameter, place] of placed) yield [parameter, place];
      yield* streamWeights(weights, unplaced, names, options);
    },
    checkPlaces: async (options = {}) => {
      const floats = [...placed].filter(([, { dtype }]) => dtype === "float32");
      const tensors = new Set(floats.flatMap(([parameter]) => resolved.get(parameter)?.from ?? []));
      await checkNumbers(weights, tensors, options);
    },
    close: async () => {
      await Promise.all([weights.close(), ...[...files.values()].map((file) => file.close())]);
    },
  };
}
