import { check, constant, expand, gather, mul, type Tensor, tensor } from "@relpos/core";
import { type Drop, type Named, type ParameterSpecs, uniform, zeros } from "@relpos/core/nn";
import type { Checkpoint } from "../checkpoint.js";
import type { Model } from "../model/model.js";
import type { ResolvedWeight } from "../weights/load.js";
import { checkLora, type LoraConfig, loraScale } from "./lora-config.js";

/** A model with a low-rank change of some of its weights as parameters of their own. */
export interface AdaptedModel {
  readonly config: LoraConfig;
  /** Reads the base's parameters, of which none changes, and the adapter's. */
  readonly model: Model;
  /** The adapter's: `lora.<module>.A` [r, in] and `lora.<module>.B` [out, r], modules as in files, and what is kept as a whole. */
  readonly parameters: ParameterSpecs;
  /** The base's parameters that stay as they are. */
  readonly frozen: ParameterSpecs;
  /** Which of the base's weights are changed, by which module and how. */
  readonly changes: readonly Change[];
}

/** One of the model's weights, and what it is of a module in the file. */
export interface Change {
  /** `layers.0.attention.query`: the parameter without `.weight`. */
  readonly layer: string;
  /** `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** Rows of the module's outputs that are the weight's; `undefined` for all in their order. */
  readonly rows: readonly number[] | undefined;
}

/** Linear layers that a change can be added to. */
const linearLayer =
  /^((encoder\.)?layers\.\d+\.(attention|crossAttention)\.(query|key|value|queryKeyValue|output)|(encoder\.)?layers\.\d+\.feedForward\.(gate|up|down)|head\.(dense|output))\.weight$/;

/**
 * A checkpoint's model with an adapter. A is small and random at first and B zero, so that it begins as it was.
 *
 * Errors for targets that name no linear layer, with those that there are.
 */
export function adaptedModel({ model, sources }: Checkpoint, config: LoraConfig): AdaptedModel {
  checkLora(config);
  const { modulesToSave = [], rank } = config;
  const kept = Object.entries(model.parameters).filter(([name]) => isOf(moduleOf(sources.get(name)), modulesToSave));
  const changes = changesOf(model, sources, config).filter(
    ({ layer }) => !kept.some(([name]) => name === `${layer}.weight`),
  );
  const sizes = new Map<string, readonly [outputs: number, inputs: number]>();
  for (const { layer, module, rows } of changes) {
    const [outputs = 0, inputs = 0] = model.parameters[`${layer}.weight`]?.shape ?? [];
    const [before = 0] = sizes.get(module) ?? [];
    sizes.set(module, [Math.max(before, rows ? Math.max(...rows) + 1 : outputs), inputs]);
  }
  const parameters: ParameterSpecs = {
    ...Object.fromEntries(
      [...sizes].flatMap(([module, [outputs, inputs]]) => [
        // As PEFT begins: A by Kaiming's rule with a = √5, which is uniform within 1/√in.
        [`lora.${module}.A`, { shape: [rank, inputs], initialize: uniform(1 / Math.sqrt(inputs)) }],
        [`lora.${module}.B`, { shape: [outputs, rank], initialize: zeros }],
      ]),
    ),
    ...Object.fromEntries(kept),
  };
  const names = new Set(kept.map(([name]) => name));
  const frozen = Object.fromEntries(Object.entries(model.parameters).filter(([name]) => !names.has(name)));
  return {
    config,
    parameters,
    frozen,
    changes,
    model: {
      ...model,
      parameters: { ...model.parameters, ...parameters },
      // What is dropped in training is what A reads; the base itself runs as it will.
      apply: (weights, inputs, past, drop) => {
        return model.apply({ ...weights, ...lowRank(changes, config, weights, drop) }, inputs, past);
      },
    },
  };
}

/** What linear layers add to their weights: `loraA` and `loraB`, which holds the scale too. */
function lowRank(
  changes: readonly Change[],
  config: LoraConfig,
  weights: Named<Tensor>,
  drop: Drop | undefined,
): Named<Tensor> {
  const { dropout = 0 } = config;
  const scale = loraScale(config);
  return Object.fromEntries(
    changes.flatMap(({ layer, module, rows }) => {
      const [a, b] = [weights[`lora.${module}.A`], weights[`lora.${module}.B`]] as readonly [Tensor, Tensor];
      const own = rows ? gather(b, constant(tensor(Int32Array.from(rows), [rows.length], "int32"))) : b;
      return [
        [`${layer}.loraA`, drop && dropout > 0 ? mul(a, keptInputs(a, `${layer}.lora`, drop)) : a],
        [`${layer}.loraB`, mul(own, scale)],
      ];
    }),
  );
}

/** 0 for inputs that are dropped in this step, for all tokens alike: [1, in]. */
function keptInputs(a: Tensor, name: string, drop: Drop): Tensor {
  return drop(expand(constant(1), [1, a.shape[1] as number]), name);
}

function changesOf(model: Model, sources: Checkpoint["sources"], { targets }: LoraConfig): readonly Change[] {
  const all = Object.keys(model.parameters).flatMap((parameter): Change[] => {
    const source = sources.get(parameter);
    const module = moduleOf(source);
    if (!linearLayer.test(parameter) || module === undefined) return [];
    const simple = source?.unchanged || source?.rows || source?.transposed;
    return simple ? [{ layer: parameter.slice(0, -".weight".length), module, rows: source.rows }] : [];
  });
  const chosen =
    targets === "all-linear"
      ? all.filter(({ layer }) => !layer.startsWith("head."))
      : all.filter(({ module }) => isOf(module, targets));
  const unknown =
    targets === "all-linear" ? [] : targets.filter((name) => !chosen.some(({ module }) => isOf(module, [name])));
  check(unknown.length === 0 && chosen.length > 0, "lora", () => {
    const names = [...new Set(all.map(({ module }) => module.split(".").at(-1)))];
    return `targets must be linear layers of the model, such as ${names.join(", ")}, got ${unknown.join(", ") || "all-linear"}`;
  });
  return chosen;
}

/** Whether a module has one of these names, or its path ends in one, as PEFT compares them. */
function isOf(module: string | undefined, names: readonly string[]): boolean {
  return module !== undefined && names.some((name) => module === name || module.endsWith(`.${name}`));
}

/** The module of a file that a weight or a bias is of. */
function moduleOf(source: ResolvedWeight | undefined): string | undefined {
  const [name, ...others] = source?.names ?? [];
  return others.length === 0 ? name?.replace(/\.[^.]+$/, "") : undefined;
}
