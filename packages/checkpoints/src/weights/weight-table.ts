import { check, type HostTensor } from "@relpos/core";

/** Where a parameter's values come from: the names of tensors in the file, and how they become the parameter's. */
export interface WeightSource {
  readonly from: readonly string[];
  /** What to take where the file lacks a tensor of `from`. Default: that is an error. */
  readonly otherwise?: readonly string[];
  /** Default: the tensor as it is. */
  readonly make?: (tensors: readonly HostTensor[]) => HostTensor;
  /** Where the parameter is some rows of the one tensor, in an order of its own: their numbers. */
  readonly rows?: readonly number[];
  /** Whether the parameter is the one tensor turned over. Default `false`. */
  readonly transposed?: boolean;
  /** Puts a parameter's values back into the one tensor that they come from, float32. Default: as they are; with `make`, not possible. */
  readonly put?: (tensor: HostTensor, value: HostTensor) => void;
}

/** What a module of a file gives to a module of ours: a leaf ("weight", "scale", "bias") → its source. */
export type ModuleSource = (leaf: string) => WeightSource;

/**
 * Our modules' names, with `*` for the layer's number and `#` for the stage's, and what they are in a file: a module's name there, a source for each
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

/** A parameter's name with its numbers as wildcards: `#` for a stage's, `*` for a layer's or a block's. */
const numbered = /(?:^|\.)(?:stages\.(\d+)\.)?(?:layers|blocks)\.(\d+)\.|(?:^|\.)stages\.(\d+)\./;

function generalName(parameter: string): { readonly general: string; readonly fill: (name: string) => string } {
  const [, stageOfBlock, layer, stage = stageOfBlock] = numbered.exec(parameter) ?? [];
  const withStage = stage === undefined ? parameter : parameter.replace(`stages.${stage}.`, "stages.#.");
  const general =
    layer === undefined ? withStage : withStage.replace(new RegExp(`(layers|blocks)\\.${layer}\\.`), "$1.*.");
  const fill = (name: string): string => name.replaceAll("#", stage ?? "#").replaceAll("*", layer ?? "*");
  return { general, fill };
}

/** A table for files whose tensors have the parameters' own names. */
export function ownNames(parameters: Readonly<Record<string, unknown>>): WeightTable {
  const names = Object.keys(parameters).map((parameter) => generalName(parameter).general);
  return Object.fromEntries(names.map((name) => [name, tensor(name)]));
}

/** The source of a parameter. The most specific entry of the table counts. Errors when there is none. */
export function sourceOf(table: WeightTable, parameter: string): WeightSource {
  const { general, fill } = generalName(parameter);
  const keys = Object.keys(table).filter((name) => general === name || general.startsWith(`${name}.`));
  const key = keys.sort((a, b) => b.length - a.length)[0];
  check(key !== undefined, "weights", () => `there is no name in the file for parameter ${parameter}`);
  const entry = table[key] as string | ModuleSource;
  const leaf = general.slice(key.length + 1);
  const source = typeof entry === "string" ? { from: [tensorName(entry, leaf)] } : entry(leaf);
  return {
    ...source,
    from: source.from.map(fill),
    ...(source.otherwise && { otherwise: source.otherwise.map(fill) }),
  };
}

/** A module of one name, or of another where a file lacks the first. */
export function either(first: string, second: string): ModuleSource {
  return (leaf) => ({ from: [tensorName(first, leaf)], otherwise: [tensorName(second, leaf)] });
}
