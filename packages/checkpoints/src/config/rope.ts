import { check } from "@relpos/core";
import {
  type PositionEncoding,
  type RopeOptions,
  rope,
  ropeOptionsFromConfig,
  ropeParametersOfConfig,
} from "@relpos/core/encodings";
import { type Config, isFields } from "./config.js";
import { fullLayerType } from "./context-length.js";

/** Settings that `ropeOptionsFromConfig` reads. */
const settings = [
  "global_rope_theta",
  "local_rope_theta",
  "max_position_embeddings",
  "original_max_position_embeddings",
  "partial_rotary_factor",
  "rope_local_base_freq",
  "rope_parameters",
  "rope_scaling",
  "rope_theta",
  "rotary_emb_base",
  "rotary_pct",
] as const;

/** Settings inside of `rope_parameters` or `rope_scaling`. */
const parameters: ReadonlySet<string> = new Set([
  "attention_factor",
  "beta_fast",
  "beta_slow",
  "factor",
  "high_freq_factor",
  "long_factor",
  "low_freq_factor",
  "max_position_embeddings",
  "mrope_section",
  "mscale",
  "mscale_all_dim",
  "original_max_position_embeddings",
  "partial_rotary_factor",
  "rope_theta",
  "rope_type",
  "short_factor",
  "truncate",
  "type",
]);

/** What a family's code knows of its rotary embedding, beside the configuration. */
export interface RotaryOptions extends Pick<RopeOptions, "interleaved" | "rotaryDimension"> {
  /** Share of a head that turns where the configuration names none. Default 1. */
  readonly share?: number;
  /** The type of layers, where the configuration has several. */
  readonly layerType?: string;
}

/** The rotary embedding of a configuration, of one layer type where it has several. Errors for a parameter that it does not know. */
export function readRope(config: Config, { share = 1, layerType, ...fixed }: RotaryOptions = {}): RopeOptions {
  ignoreRope(config);
  for (const name of ["rope_parameters", "rope_scaling"]) {
    const given = config.value(name);
    const tables = isFields(given) ? [given, ...Object.values(given).filter(isFields)] : [];
    for (const [key, value] of tables.flatMap((table) => Object.entries(table))) {
      check(isFields(value) || value === null || parameters.has(key), "config", () => {
        return `every parameter of ${name} must be known, got ${key}`;
      });
    }
  }
  const read = ropeOptionsFromConfig(config.fields, layerType);
  const named = ropeParametersOfConfig(config.fields, layerType).partial_rotary_factor ?? undefined;
  const options = { ...read, ...fixed, share: named === undefined ? share : (read.share ?? 1) };
  const { scaling } = options;
  // transformers leaves cached keys as they were turned at the length that the sequence had then.
  return scaling?.kind === "dynamic" ? { ...options, scaling: { ...scaling, cache: "rotated-keys" } } : options;
}

/** Marks settings of a rotary embedding as read that the model does not have. */
export function ignoreRope(config: Config): void {
  config.ignore(...settings);
}

/** Layers that see a part of the sequence keep their distances. */
const windowed = "sliding_attention";

/** The rotary embedding of a configuration as an encoding, with the distances that were asked for. */
export function rotary(config: Config, options: RotaryOptions = {}): PositionEncoding {
  const read = readRope(config, options);
  return config.remap && options.layerType !== windowed ? config.remap.encoding(read) : rope(read);
}

/** Kinds of encodings that turn queries and keys, with what they are named when they are scaled. */
const rotaryKinds = /^((m|table-)?rope(-.*)?|self-extend|dual-chunk|(leaky-)?rerope)$/;

/** Whether an encoding has a rotary embedding in it. */
export function isRotary({ kind }: PositionEncoding): boolean {
  return kind.split("+").some((part) => rotaryKinds.test(part));
}

/** The length of a sequence at which earlier keys and values are stale: LongRoPE has other factors above it. */
export function staleAbove({ fields }: Config): number | undefined {
  if (![fields.rope_parameters, fields.rope_scaling].some(isFields)) return undefined;
  const { rope_type, original_max_position_embeddings: original } = ropeParametersOfConfig(
    fields,
    fullLayerType(fields),
  );
  return rope_type === "longrope" ? Number(original) : undefined;
}
