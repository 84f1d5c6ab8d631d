import { check, equalShapes, type HostTensor, toNumbers } from "@relpos/core";
import type { FileTensor } from "@relpos/core/backend";
import type { Named, ParameterSpec, ParameterSpecs } from "@relpos/core/nn";
import { storedAs } from "../safetensors/dtypes.js";
import type { Safetensors, TensorPlace } from "../safetensors/reader.js";
import type { ReadOptions } from "../source/byte-source.js";
import type { OnProgress } from "../source/progress.js";
import { sourceOf, type WeightSource, type WeightTable } from "./weight-table.js";

/** Names in the file: as a table has them, or with the base model's prefix added or left out. */
export interface WeightNames {
  readonly table: WeightTable;
  /** What stands before the base model's names in files of models with a head, such as `bert.`. */
  readonly prefix: string;
}

export interface LoadOptions extends ReadOptions {
  readonly onProgress?: OnProgress | undefined;
}

/** Older names of the leaves of layer norms. */
const olderLeaves: readonly (readonly [name: RegExp, older: string])[] = [
  [/LayerNorm\.weight$/, "LayerNorm.gamma"],
  [/LayerNorm\.bias$/, "LayerNorm.beta"],
];

/** The name that a file has for a tensor of the table. */
function nameIn(file: Safetensors, name: string, prefix: string): string | undefined {
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : `${prefix}${name}`;
  const older = [name, bare].flatMap((found) => olderLeaves.map(([pattern, leaf]) => found.replace(pattern, leaf)));
  return [name, bare, ...older].find((found) => file.tensors.has(found));
}

/** A parameter's tensors by their names in a file, and what becomes of them. */
export interface ResolvedWeight extends Pick<WeightSource, "rows" | "transposed"> {
  readonly from: readonly string[];
  /** The names that the family gives them, with its prefix, whatever the file calls them. */
  readonly names: readonly string[];
  readonly make: (tensors: readonly HostTensor[]) => HostTensor;
  /** Whether the parameter is the one tensor, unchanged. */
  readonly unchanged: boolean;
  /** Puts values back into the tensor; `undefined` where it is not possible. */
  readonly put: ((tensor: HostTensor, value: HostTensor) => void) | undefined;
}

const copied = (tensor: HostTensor, value: HostTensor): void => tensor.data.set(value.data);
const asItIs = ([only]: readonly HostTensor[]): HostTensor => only as HostTensor;

/** The tensors that parameters come from. Errors, at once for all, when the file lacks some. */
export function resolveWeights(
  file: Safetensors,
  specs: ParameterSpecs,
  { table, prefix }: WeightNames,
): ReadonlyMap<string, ResolvedWeight> {
  const missing: string[] = [];
  const found = (names: readonly string[]): readonly string[] | undefined => {
    const inFile = names.flatMap((name) => nameIn(file, name, prefix) ?? []);
    return inFile.length === names.length ? inFile : undefined;
  };
  const resolved = Object.keys(specs).map((parameter): [string, ResolvedWeight] => {
    const { from, otherwise, make = asItIs, ...source } = sourceOf(table, parameter);
    const names = found(from);
    const others = names ? undefined : otherwise && found(otherwise);
    if (!names && !others) missing.push(...from.filter((name) => !nameIn(file, name, prefix)));
    const unchanged = make === asItIs;
    const put = source.put ?? (unchanged ? copied : undefined);
    const known = { names: (others ? otherwise : undefined) ?? from, make, put, unchanged };
    return [parameter, { ...source, ...known, from: names ?? others ?? [] }];
  });
  check(missing.length === 0, "weights", () => {
    const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
    return `the file must have every tensor of the model, it lacks ${missing.slice(0, 5).join(", ")}${more}`;
  });
  return new Map(resolved);
}

/** Whether a file has no tensor for a parameter. */
export function lackedBy(file: Safetensors, { table, prefix }: WeightNames, parameter: string): boolean {
  const { from, otherwise } = sourceOf(table, parameter);
  return [from, otherwise ?? from].every((names) => names.some((name) => !nameIn(file, name, prefix)));
}

/** Values of all parameters in their element types, as `streamWeights` reads them. */
export async function loadWeights(...given: Parameters<typeof streamWeights>): Promise<Named<HostTensor>> {
  const entries: (readonly [string, HostTensor])[] = [];
  for await (const entry of streamWeights(...given)) entries.push(entry);
  return Object.fromEntries(entries);
}

/** Where a parameter lies that a file on disk holds in its own element type. */
export function placeOf(
  file: Safetensors,
  { shape, dtype = "float32" }: ParameterSpec,
  { from, unchanged }: ResolvedWeight,
): FileTensor | undefined {
  const place = unchanged ? file.tensors.get(from[0] as string) : undefined;
  if (place?.source.path === undefined || place.dtype !== storedAs[dtype]) return undefined;
  return equalShapes(place.shape, shape) ? { shape, dtype, path: place.source.path, offset: place.offset } : undefined;
}

/**
 * Values of all parameters in their element types, one after another, each in memory of its own. Errors name the tensor when it has
 * another shape than the model, or a value that is no number.
 */
export async function* streamWeights(
  file: Safetensors,
  specs: ParameterSpecs,
  names: WeightNames,
  { signal, onProgress }: LoadOptions = {},
): AsyncGenerator<readonly [parameter: string, value: HostTensor]> {
  const resolved = resolveWeights(file, specs, names);
  const used = new Set([...resolved.values()].flatMap(({ from }) => from));
  const total = [...used].reduce((sum, name) => sum + (file.tensors.get(name)?.length ?? 0), 0);
  let loaded = 0;
  const seen = new Set<string>();
  const read = async (name: string): Promise<HostTensor> => {
    signal?.throwIfAborted();
    const value = await file.load(name, { signal });
    if (!seen.has(name)) {
      seen.add(name);
      const place = file.tensors.get(name);
      loaded += place?.length ?? 0;
      onProgress?.({ status: "progress", file: place?.source.name ?? name, loaded, total });
    }
    return value;
  };
  for (const [parameter, { from, make }] of resolved) {
    const made = make(await Promise.all(from.map(read)));
    const { shape: expected = [], dtype = "float32" } = specs[parameter] ?? {};
    const value = dtype === "float32" ? asFloat32(made, from) : made;
    check(
      value.shape.length === expected.length && value.shape.every((size, axis) => size === expected[axis]),
      "weights",
      () => {
        return `${from.join(", ")} must give shape [${expected}] by the configuration, got [${value.shape}]`;
      },
    );
    yield [parameter, value];
  }
}

/** Values as float32. Errors when one is no number. */
export function asFloat32(value: HostTensor, from: readonly string[]): HostTensor {
  const data = value.data instanceof Float32Array ? value.data : Float32Array.from(toNumbers(value));
  check(!hasNaN(data), "weights", () => `${from.join(", ")}: every value must be a number, got NaN`);
  return { shape: value.shape, dtype: "float32", data };
}

/** So many bytes of a tensor are looked at at once. */
const examined = 2 ** 23;

/** Reads float32 tensors that lie in a file, and keeps none. Errors name the tensor when a value is no number. */
export async function checkNumbers(file: Safetensors, names: Iterable<string>, options: LoadOptions): Promise<void> {
  const places = [...names].map((name) => [name, file.tensors.get(name) as TensorPlace] as const);
  const total = places.reduce((sum, [, { length }]) => sum + length, 0);
  let loaded = 0;
  for (const [name, { source, offset, length }] of places) {
    for (let start = offset; start < offset + length; start += examined) {
      const bytes = await source.read(start, Math.min(start + examined, offset + length), options);
      const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      check(!hasNaN(data), "weights", () => `${name}: every value must be a number, got NaN`);
      loaded += bytes.length;
    }
    options.onProgress?.({ status: "progress", file: source.name, loaded, total });
  }
}

/** A loop over the numbers themselves: a call for each takes a second for a hundred million. */
function hasNaN(data: Float32Array): boolean {
  for (let index = 0; index < data.length; index++) if (Number.isNaN(data[index])) return true;
  return false;
}
