import { check } from "@relpos/core";
import { Config, type ConfigFields } from "../config/config.js";

/** A low-rank change of some weights, W + scale·B·A. Hu et al., arXiv:2106.09685; names as in PEFT, in camel case. */
export interface LoraConfig {
  /** r, the rank of B·A. */
  readonly rank: number;
  /** The scale is alpha/rank, or alpha/√rank. */
  readonly alpha: number;
  /**
   * Which linear layers: names of modules, or the ends of their paths behind a point, as the model's family has them in files;
   * "all-linear" for all of the layers'.
   */
  readonly targets: readonly string[] | "all-linear";
  /** Share of what A reads that is dropped in training. Default 0. */
  readonly dropout?: number;
  /** Whether the scale is alpha/√rank. Kalajdzievski, arXiv:2312.03732. Default `false`. */
  readonly rankStabilized?: boolean;
  /** Modules that are trained and kept as a whole, such as a new head. Default: none. */
  readonly modulesToSave?: readonly string[];
}

/** The factor on B·A. */
export function loraScale({ rank, alpha, rankStabilized = false }: LoraConfig): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
}

/** Errors for numbers that make no adapter. */
export function checkLora(config: LoraConfig): void {
  const { rank, alpha, targets, dropout = 0 } = config;
  check(Number.isInteger(rank) && rank > 0, "lora", () => `rank must be whole and positive, got ${rank}`);
  check(Number.isFinite(alpha) && alpha > 0, "lora", () => `alpha must be positive, got ${alpha}`);
  check(dropout >= 0 && dropout < 1, "lora", () => `dropout must be at least 0 and below 1, got ${dropout}`);
  check(targets.length > 0, "lora", () => "targets must name a module, got none");
}

/** Settings of PEFT's that are read: those that change what an adapter does must be as they are here. */
const plain: readonly (readonly [name: string, supported: string | boolean])[] = [
  ["bias", "none"],
  ["use_dora", false],
  ["lora_bias", false],
];

/** What changes nothing of an adapter that was trained: how it began, what it was made for, and where. */
const withoutEffect = [
  "auto_mapping",
  "base_model_name_or_path",
  "corda_config",
  "eva_config",
  "fan_in_fan_out",
  "inference_mode",
  "init_lora_weights",
  "lora_dropout",
  "loftq_config",
  "megatron_config",
  "megatron_core",
  "peft_version",
  "qalora_group_size",
  "revision",
  "runtime_config",
  "task_type",
];

/** Reads an `adapter_config.json` of PEFT's. Errors for adapters of another kind, and settings that relpos does not know. */
export function readLoraConfig(fields: ConfigFields): LoraConfig {
  const config = new Config(
    // Empty tables and lists are what PEFT writes where there is nothing to say.
    Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))),
  );
  config.only("peft_type", "LORA");
  for (const [name, supported] of plain) config.only(name, supported);
  config.ignore(...withoutEffect);
  const targets = config.value("target_modules");
  const several = Array.isArray(targets) ? config.texts("target_modules") : undefined;
  check(several || targets === "all-linear", "config", () => {
    return `target_modules must be a list of names or "all-linear", got ${JSON.stringify(targets)}`;
  });
  const lora: LoraConfig = {
    rank: config.count("r", 8),
    alpha: config.number("lora_alpha", 8),
    targets: several ?? "all-linear",
    dropout: config.number("lora_dropout", 0),
    rankStabilized: config.flag("use_rslora"),
    modulesToSave: config.texts("modules_to_save") ?? [],
  };
  config.finish();
  checkLora(lora);
  return lora;
}

const isEmpty = (value: unknown): boolean =>
  value === false || (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** The same as PEFT writes it. `base` is where the model is that it changes, `task` PEFT's name for what it is for. */
export function loraConfigFields(
  config: LoraConfig,
  {
    base,
    task,
    transposed,
  }: { readonly base?: string | undefined; readonly task?: string | undefined; readonly transposed: boolean },
): ConfigFields {
  const { rank, alpha, targets, dropout = 0, rankStabilized = false, modulesToSave = [] } = config;
  return {
    base_model_name_or_path: base ?? null,
    bias: "none",
    fan_in_fan_out: transposed,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: dropout,
    modules_to_save: modulesToSave.length === 0 ? null : modulesToSave,
    peft_type: "LORA",
    r: rank,
    target_modules: targets,
    task_type: task ?? null,
    use_dora: false,
    use_rslora: rankStabilized,
  };
}
