import { check, type HostTensor } from "@relpos/core";

/** Where a parameter's values come from: the names of tensors in the file, and how they become the parameter's. */
export interface WeightSource {
  readonly from: readonly string[];
  /** Default: the tensor as it is. */
  readonly make?: (tensors: readonly HostTensor[]) => HostTensor;
}

/** What a module of a file gives to a module of ours: a leaf ("weight", "scale", "bias") → its source. */
export type ModuleSource = (leaf: string) => WeightSource;

/**
 * Our modules' names, with `*` for the layer's number, and what they are in a file: a module's name there, a source for each
 * of its leaves, or `tensor(…)` for a parameter by its full name.
 */
export type WeightTable = Readonly<Record<string, string | ModuleSource>>;

/** Leaves of ours that a file calls otherwise. */
const leafNames: Readonly<Record<string, string>> = { scale: "weight" };

/** A tensor of a module in a file. */
export function tensorName(module: string, leaf: string): string {
  return `${module}.${leafNames[leaf] ?? leaf}`;
}

/** A tensor by its full name. */
export function tensor(name: string): ModuleSource {
  return () => ({ from: [name] });
}

/** The source of a parameter. The most specific entry of the table counts. Errors when there is none. */
export function sourceOf(table: WeightTable, parameter: string): WeightSource {
  const layer = /(?:^|\.)layers\.(\d+)\./.exec(parameter)?.[1];
  const general = layer === undefined ? parameter : parameter.replace(`layers.${layer}.`, "layers.*.");
  const keys = Object.keys(table).filter((name) => general === name || general.startsWith(`${name}.`));
  const key = keys.sort((a, b) => b.length - a.length)[0];
  check(key !== undefined, "weights", () => `there is no name in the file for parameter ${parameter}`);
  const entry = table[key] as string | ModuleSource;
  const leaf = general.slice(key.length + 1);
  const source = typeof entry === "string" ? { from: [tensorName(entry, leaf)] } : entry(leaf);
  return layer === undefined ? source : { ...source, from: source.from.map((name) => name.replaceAll("*", layer)) };
}

/** A table whose names of ours, and those in the file, stand below others. */
export function below(ours: string, theirs: string, table: Readonly<Record<string, string>>): WeightTable {
  return Object.fromEntries(Object.entries(table).map(([name, module]) => [`${ours}.${name}`, `${theirs}.${module}`]));
}
