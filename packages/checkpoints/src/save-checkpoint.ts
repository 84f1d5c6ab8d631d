import { check, type HostTensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { writeFileAtomically } from "#files";
import type { Checkpoint } from "./checkpoint.js";
import type { StoredTensor } from "./safetensors/stored-tensor.js";
import { saveSafetensors } from "./safetensors/writer.js";
import { asFloat32 } from "./weights/load.js";

/** Files that go along: configurations and tokenizers, no weights. */
const companion = /\.(json|txt|model|jinja)$/;
const replaced = new Set(["config.json", "model.safetensors.index.json"]);

/**
 * A checkpoint's tensors with other values of its parameters, by the file's names: float32 where a parameter was given, as they
 * are where none was.
 *
 * Errors for a name that is no parameter, another shape, and a parameter that is computed from several tensors (DeBERTa's
 * tables of positions).
 */
export async function storedWeights(
  { weights, sources, model }: Checkpoint,
  values: Named<HostTensor>,
): Promise<ReadonlyMap<string, HostTensor | StoredTensor>> {
  const changed = new Map<string, HostTensor>();
  for (const [parameter, value] of Object.entries(values)) {
    const source = sources.get(parameter);
    const shape = model.parameters[parameter]?.shape;
    check(source && shape, "save", () => `values must be of the model's parameters, got ${parameter}`);
    check(
      value.shape.join() === shape.join(),
      "save",
      () => `${parameter} must have shape [${shape}], got [${value.shape}]`,
    );
    const [name, ...others] = source.from;
    check(source.put && name !== undefined && others.length === 0, "save", () => {
      return `${parameter} is computed from ${source.from.join(", ")} and cannot be written back`;
    });
    const tensor = changed.get(name) ?? copyOf(asFloat32(await weights.load(name), [name]));
    source.put(tensor, asFloat32(value, [parameter]));
    changed.set(name, tensor);
  }
  const names = [...weights.tensors.keys()];
  return new Map(
    await Promise.all(names.map(async (name) => [name, changed.get(name) ?? (await weights.read(name))] as const)),
  );
}

const copyOf = (value: HostTensor): HostTensor => ({ ...value, data: value.data.slice() });

/**
 * Writes a checkpoint with other values of its parameters as a folder that Hugging Face's libraries open: `config.json`,
 * `model.safetensors`, and its tokenizer's files. Each file is written as a whole or not at all. Needs Node.
 */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint, values: Named<HostTensor>): Promise<void> {
  const tensors = await storedWeights(checkpoint, values);
  for (const [name, file] of checkpoint.files) {
    if (!companion.test(name) || replaced.has(name)) continue;
    await writeFileAtomically(`${folder}/${name}`, [await file.read(0, await file.size())]);
  }
  await saveSafetensors(`${folder}/model.safetensors`, tensors, { metadata: { format: "pt" } });
  const config = `${JSON.stringify({ ...checkpoint.config, dtype: "float32" }, undefined, 2)}\n`;
  await writeFileAtomically(`${folder}/config.json`, [new TextEncoder().encode(config)]);
}
