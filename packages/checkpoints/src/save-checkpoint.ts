import { check, type DType, type HostTensor, tensor, toNumbers } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import { writeFileAtomically } from "#files";
import { adapterFileNames } from "./adapter/adapter-files.js";
import type { Checkpoint } from "./checkpoint.js";
import { type StoredTensor, toHostTensor, toStoredTensor } from "./safetensors/stored-tensor.js";
import { safetensorsPieces } from "./safetensors/writer.js";
import { asFloat32 } from "./weights/load.js";

/** Files that go along: configurations and tokenizers, no weights. */
const companion = /\.(json|txt|model|jinja)$/;
const replaced: ReadonlySet<string> = new Set(["config.json", "model.safetensors.index.json", adapterFileNames.config]);

/** In what the numbers of a saved checkpoint are written. */
export type SavedDType = "fp32" | "fp16" | "bf16";

export const savedDTypes: Readonly<Record<SavedDType, DType>> = { fp32: "float32", fp16: "float16", bf16: "bfloat16" };

export interface SaveOptions {
  /** Default: float32 where a parameter was given, as in the file where none was. */
  readonly dtype?: SavedDType | undefined;
}

type Pieces = Iterable<Uint8Array>;

/** A file by its name below a folder, and its bytes. */
export type NamedFile<P = Pieces | AsyncIterable<Uint8Array>> = readonly [name: string, pieces: P];

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

/** The files beside a checkpoint's weights and configuration: its tokenizer's, generation_config.json and the like. */
export async function* companionFiles({ files }: Pick<Checkpoint, "files">): AsyncGenerator<NamedFile<Pieces>> {
  for (const [name, file] of files) {
    if (companion.test(name) && !replaced.has(name)) yield [name, [await file.read(0, await file.size())]];
  }
}

/** A tensor of numbers in another element type. Errors for one that does not fit. */
function inDType(name: string, stored: HostTensor | StoredTensor, dtype: DType): StoredTensor | HostTensor {
  const value = "bytes" in stored ? toHostTensor(stored, name) : stored;
  if (!["float32", "float16", "bfloat16"].includes(value.dtype)) return stored;
  const made = tensor(toNumbers(value), value.shape, dtype);
  if (dtype === "float16") {
    const infinite = made.data.findIndex((bits) => (bits & 0x7fff) === 0x7c00);
    check(infinite < 0, "save", () => `${name}: ${toNumbers(value)[infinite]} does not fit fp16, choose bf16`);
  }
  return toStoredTensor(made);
}

/**
 * The files of a checkpoint with other values of its parameters, which Hugging Face's libraries open: `config.json`,
 * `model.safetensors`, and its tokenizer's, one after another.
 */
export async function* checkpointFiles(
  checkpoint: Checkpoint,
  values: Named<HostTensor>,
  { dtype }: SaveOptions = {},
): AsyncGenerator<NamedFile<Pieces>> {
  check(checkpoint.config.architectures, "save", () => {
    return "the configuration must name its architectures: a model of llama2.c pairs dimensions otherwise than its family";
  });
  const stored = await storedWeights(checkpoint, values);
  const tensors = dtype
    ? new Map([...stored].map(([name, value]) => [name, inDType(name, value, savedDTypes[dtype])]))
    : stored;
  yield* companionFiles(checkpoint);
  yield ["model.safetensors", safetensorsPieces(tensors, { metadata: { format: "pt" } })];
  const { torch_dtype: _, ...config } = checkpoint.config;
  const text = JSON.stringify({ ...config, dtype: savedDTypes[dtype ?? "fp32"] }, undefined, 2);
  yield ["config.json", [new TextEncoder().encode(`${text}\n`)]];
}

/** Writes files into a folder, each as a whole or not at all; their names. Needs Node. */
export async function saveFiles(
  folder: string,
  files: Iterable<NamedFile> | AsyncIterable<NamedFile>,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const [name, pieces] of files) {
    await writeFileAtomically(`${folder}/${name}`, pieces);
    names.push(name);
  }
  return names;
}

/** Writes `checkpointFiles` into a folder. Each file is written as a whole or not at all. Needs Node. */
export async function saveCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  values: Named<HostTensor>,
  options?: SaveOptions,
): Promise<void> {
  await saveFiles(folder, checkpointFiles(checkpoint, values, options));
}
