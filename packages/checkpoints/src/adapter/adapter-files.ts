import { check, type HostTensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { writeFileAtomically } from "#files";
import type { Checkpoint } from "../checkpoint.js";
import { parseConfig } from "../config/config.js";
import { openSafetensors } from "../safetensors/reader.js";
import { encodeSafetensors } from "../safetensors/writer.js";
import type { Folder } from "../source/folder.js";
import type { HubOptions } from "../source/hub.js";
import { type FolderLike, openFolder, readText } from "../source/open-folder.js";
import { asFloat32 } from "../weights/load.js";
import { type AdaptedModel, adaptedModel } from "./adapted-model.js";
import { type LoraConfig, loraConfigFields, readLoraConfig } from "./lora-config.js";

/** An adapter's settings and the values of its tensors, by PEFT's names. */
export interface Adapter {
  readonly config: LoraConfig;
  /** `base_model.model.<module>.lora_A.weight`, … */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** The files of an adapter's folder, as PEFT names them. */
export const adapterFileNames = { config: "adapter_config.json", weights: "adapter_model.safetensors" } as const;

const prefix = "base_model.model.";

/** What PEFT calls the tasks. */
const peftTasks: Readonly<Record<string, string>> = {
  "causal-lm": "CAUSAL_LM",
  "seq2seq-lm": "SEQ_2_SEQ_LM",
  "sequence-classification": "SEQ_CLS",
  "token-classification": "TOKEN_CLS",
  "question-answering": "QUESTION_ANS",
  features: "FEATURE_EXTRACTION",
};

/** Opens an adapter as PEFT writes it: a folder, an address, or a name on the hub. Errors name what is wrong in it. */
export async function openAdapter(source: FolderLike, options: HubOptions = {}): Promise<Adapter> {
  const folder = await openFolder(source, options);
  try {
    return await readAdapter(folder, options);
  } finally {
    await Promise.all([...folder.values()].map((file) => file.close()));
  }
}

/** An adapter of a folder's files, which stay open. */
export async function readAdapter(folder: Folder, options: HubOptions = {}): Promise<Adapter> {
  const { config: configName, weights: weightsName } = adapterFileNames;
  const config = readLoraConfig(parseConfig(configName, await readText(folder, configName, options)));
  const file = folder.get(weightsName);
  check(file, "openAdapter", () => `the adapter must have ${weightsName}, it has ${[...folder.keys()].join(", ")}`);
  const weights = await openSafetensors(file);
  const names = [...weights.tensors.keys()];
  const entries = await Promise.all(
    names.map(async (name) => [name, asFloat32(await weights.load(name, options), [name])] as const),
  );
  return { config, tensors: new Map(entries) };
}

/** Names of an adapter's parameters in a file, by their names here. */
function peftNames(
  checkpoint: Checkpoint,
  config: LoraConfig,
): readonly (readonly [parameter: string, name: string])[] {
  return Object.keys(adaptedModel(checkpoint, config).parameters).map((parameter) => {
    const [, module, side] = /^lora\.(.+)\.([AB])$/.exec(parameter) ?? [];
    if (module !== undefined) return [parameter, `${prefix}${module}.lora_${side}.weight`];
    return [parameter, `${prefix}${checkpoint.sources.get(parameter)?.names[0]}`];
  });
}

/**
 * An adapter's values as parameters of a checkpoint's adapted model. Errors when it was made for another model: a tensor is
 * missing, is of another shape, or belongs to nothing.
 */
export function adapterWeights(checkpoint: Checkpoint, { config, tensors }: Adapter): Named<HostTensor> {
  const { parameters } = adaptedModel(checkpoint, config);
  const names = peftNames(checkpoint, config);
  const known = new Set(names.map(([, name]) => name));
  const foreign = [...tensors.keys()].find((name) => !known.has(name));
  check(foreign === undefined, "adapter", () => `every tensor must be of the model, got ${foreign}`);
  return Object.fromEntries(
    names.map(([parameter, name]) => {
      const value = tensors.get(name);
      const shape = parameters[parameter]?.shape ?? [];
      check(value && value.shape.join() === shape.join(), "adapter", () => {
        return `${name} must have shape [${shape}] by the model, got ${value ? `[${value.shape}]` : "none"}`;
      });
      return [parameter, value];
    }),
  );
}

/** A checkpoint's model with an adapter beside it, for models whose adapters are swapped while they run. */
export interface AppliedAdapter extends AdaptedModel {
  /** Values of the adapter's parameters. */
  readonly weights: Named<HostTensor>;
}

/** An adapter as it runs beside a checkpoint's weights, unmerged. Errors when it was made for another model. */
export function applyAdapter(checkpoint: Checkpoint, adapter: Adapter): AppliedAdapter {
  return { ...adaptedModel(checkpoint, adapter.config), weights: adapterWeights(checkpoint, adapter) };
}

/** Trained values of an adapted model as an adapter. */
export function adapterOf(checkpoint: Checkpoint, config: LoraConfig, weights: Named<HostTensor>): Adapter {
  const entries = peftNames(checkpoint, config).map(([parameter, name]) => {
    const value = weights[parameter];
    check(value, "adapter", () => `values must have every parameter of the adapter, ${parameter} is missing`);
    return [name, asFloat32(value, [parameter])] as const;
  });
  return { config, tensors: new Map(entries) };
}

/** An adapter's files, which PEFT opens. `base` is where the model is that it changes. */
export function adapterFiles(
  checkpoint: Checkpoint,
  { config, tensors }: Adapter,
  base?: string,
): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const changed = adaptedModel(checkpoint, config).changes;
  const transposed = changed.some(({ layer }) => checkpoint.sources.get(`${layer}.weight`)?.transposed);
  const fields = loraConfigFields(config, { base, task: peftTasks[checkpoint.model.task], transposed });
  const text = `${JSON.stringify(fields, undefined, 2)}\n`;
  return new Map([
    [adapterFileNames.weights, encodeSafetensors(tensors, { metadata: { format: "pt" } })],
    [adapterFileNames.config, new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>],
  ]);
}

/** Writes an adapter as a folder that PEFT opens. Needs Node. */
export async function saveAdapter(
  folder: string,
  checkpoint: Checkpoint,
  adapter: Adapter,
  base?: string,
): Promise<void> {
  for (const [name, bytes] of adapterFiles(checkpoint, adapter, base)) {
    await writeFileAtomically(`${folder}/${name}`, [bytes]);
  }
}
