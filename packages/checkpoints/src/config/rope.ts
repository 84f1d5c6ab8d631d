import { check } from "@relpos/core";
import { type RopeOptions, ropeOptionsFromConfig } from "@relpos/core/encodings";
import { type Config, isFields } from "./config.js";

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

/** The rotary embedding of a configuration, of one layer type where it has several. Errors for a parameter that it does not know. */
export function readRope(config: Config, layerType?: string): RopeOptions {
  for (const name of settings) config.ignore(name);
  for (const name of ["rope_parameters", "rope_scaling"]) {
    const given = config.value(name);
    const tables = isFields(given) ? [given, ...Object.values(given).filter(isFields)] : [];
    for (const [key, value] of tables.flatMap((table) => Object.entries(table))) {
      check(isFields(value) || value === null || parameters.has(key), "config", () => {
        return `every parameter of ${name} must be known, got ${key}`;
      });
    }
  }
  const options = ropeOptionsFromConfig(config.fields, layerType);
  const { scaling } = options;
  // transformers leaves cached keys as they were turned at the length that the sequence had then.
  return scaling?.kind === "dynamic" ? { ...options, scaling: { ...scaling, cache: "rotated-keys" } } : options;
}

/** The length of a sequence at which earlier keys and values are stale: LongRoPE has other factors above it. */
export function staleAbove({ scaling }: RopeOptions): number | undefined {
  return scaling?.kind === "longrope" ? Number(scaling.settings.originalMaximum) : undefined;
}
