import { check, type HostTensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { writeFileAtomically } from "#files";
import type { Checkpoint } from "./checkpoint.js";
import type { StoredTensor } from "./safetensors/stored-tensor.js";
import { safetensorsPieces } from "./safetensors/writer.js";
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
    const [name, ...others] = source.from.length > 0 ? source.from : source.names;
    check(source.put && name !== undefined && others.length === 0, "save", () => {
      return `${parameter} is computed from ${source.from.join(", ")} and cannot be written back`;
    });
    const stored = source.from.length > 0 ? await weights.load(name) : value;
    const tensor = changed.get(name) ?? copyOf(asFloat32(stored, [name]));
    source.put(tensor, asFloat32(value, [parameter]));
    changed.set(name, tensor);
  }
  const names = [...weights.tensors.keys()];
  const isNew = [...sources.values()].some(({ from }) => from.length === 0);
  // A new head stands among the family's names: what another head left behind is not taken along.
  const canonical = isNew ? canonicalNames(sources) : undefined;
  const written = [
    ...names.filter((name) => !canonical || canonical.has(name)),
    ...[...changed.keys()].filter((name) => !weights.tensors.has(name)),
  ];
  return new Map(
    await Promise.all(
      written.map(async (name) => {
        return [canonical?.get(name) ?? name, changed.get(name) ?? (await weights.read(name))] as const;
      }),
    ),
  );
}

/** The family's names of the tensors of a file that a model uses. */
function canonicalNames(sources: Checkpoint["sources"]): ReadonlyMap<string, string> {
  return new Map(
    [...sources.values()].flatMap(({ from, names }) => from.map((name, index) => [name, names[index] ?? name])),
  );
}

const copyOf = (value: HostTensor): HostTensor => ({ ...value, data: value.data.slice() });

/**
 * The files of a checkpoint with other values of its parameters, which Hugging Face's libraries open: `config.json`,
 * `model.safetensors`, and its tokenizer's, one after another.
 */
export async function* checkpointFiles(
  checkpoint: Checkpoint,
  values: Named<HostTensor>,
): AsyncGenerator<readonly [name: string, pieces: Iterable<Uint8Array>]> {
  check(checkpoint.config.architectures, "save", () => {
    return "the configuration must name its architectures: a model of llama2.c pairs dimensions otherwise than its family";
  });
  const tensors = await storedWeights(checkpoint, values);
  for (const [name, file] of checkpoint.files) {
    if (!companion.test(name) || replaced.has(name)) continue;
    yield [name, [await file.read(0, await file.size())]];
  }
  yield ["model.safetensors", safetensorsPieces(tensors, { metadata: { format: "pt" } })];
  const config = `${JSON.stringify({ ...checkpoint.config, dtype: "float32" }, undefined, 2)}\n`;
  yield ["config.json", [new TextEncoder().encode(config)]];
}

/** Writes `checkpointFiles` into a folder. Each file is written as a whole or not at all. Needs Node. */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint, values: Named<HostTensor>): Promise<void> {
  for await (const [name, pieces] of checkpointFiles(checkpoint, values)) {
    await writeFileAtomically(`${folder}/${name}`, pieces);
  }
}
