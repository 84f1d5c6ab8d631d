import { check } from "../errors.js";
import type { RopeOptions } from "./rope.js";
import { dynamicNtk, longRope } from "./rope-by-length.js";
import { linearScaling, llama3, proportional, type RopeScaling } from "./rope-scaling.js";
import { yarn } from "./yarn.js";

/** A model's configuration as Hugging Face writes it; only what is about positions is read. */
export type RopeConfig = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of one layer type's parameters. */
interface Reader {
  number(name: string): number;
  optional(name: string): number | undefined;
  numbers(name: string): readonly number[];
  readonly fields: Fields;
}

function readerOf(fields: Fields): Reader {
  const optional = (name: string): number | undefined => {
    const value = fields[name] ?? undefined;
    check(value === undefined || typeof value === "number", "ropeConfig", () => {
      return `${name} must be a number, got ${JSON.stringify(value)}`;
    });
    return value;
  };
  return {
    fields,
    optional,
    number: (name) => {
      const value = optional(name);
      check(value !== undefined, "ropeConfig", () => `${name} must be a number, got none`);
      return value;
    },
    numbers: (name) => {
      const value = fields[name];
      check(Array.isArray(value) && value.every((item) => typeof item === "number"), "ropeConfig", () => {
        return `${name} must be a list of numbers, got ${JSON.stringify(value)}`;
      });
      return value;
    },
  };
}

/** Scalings by Hugging Face's `rope_type`. */
const scalings: Readonly<Record<string, (read: Reader) => RopeScaling | undefined>> = {
  default: () => undefined,
  // The sections of multimodal positions are no scaling.
  mrope: () => undefined,
  linear: ({ number }) => linearScaling({ factor: number("factor") }),
  dynamic: ({ number, optional }) =>
    dynamicNtk({
      factor: number("factor"),
      // Hugging Face takes the model's maximum itself here, whatever the original one is said to be.
      originalMaximum: optional("max_position_embeddings") ?? number("original_max_position_embeddings"),
    }),
  yarn: ({ number, optional, fields }) =>
    yarn({
      factor: number("factor"),
      originalMaximum: number("original_max_position_embeddings"),
      betaFast: optional("beta_fast") ?? 32,
      betaSlow: optional("beta_slow") ?? 1,
      truncate: fields.truncate !== false,
      attentionFactor: optional("attention_factor"),
      mscale: optional("mscale"),
      mscaleAllDimensions: optional("mscale_all_dim"),
    }),
  longrope: ({ number, optional, numbers }) =>
    longRope({
      factor: number("factor"),
      originalMaximum: number("original_max_position_embeddings"),
      shortFactors: numbers("short_factor"),
      longFactors: numbers("long_factor"),
      attentionFactor: optional("attention_factor"),
    }),
  llama3: ({ number }) =>
    llama3({
      factor: number("factor"),
      originalMaximum: number("original_max_position_embeddings"),
      lowFrequencyFactor: number("low_freq_factor"),
      highFrequencyFactor: number("high_freq_factor"),
    }),
  proportional: ({ optional }) =>
    proportional({ share: optional("partial_rotary_factor") ?? 1, factor: optional("factor") ?? 1 }),
};

/** Older names of types. */
const renamed: Readonly<Record<string, string>> = { su: "longrope" };

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Bases of local layers, as configurations older than `rope_parameters` name them. */
const localBases = ["rope_local_base_freq", "local_rope_theta"] as const;
/** Names of the base in older configurations. */
const bases = ["rope_theta", "global_rope_theta", "rotary_emb_base"] as const;
const shares = ["partial_rotary_factor", "rotary_pct"] as const;

const firstOf = (config: RopeConfig, names: readonly string[]): unknown => {
  return names.map((name) => config[name]).find((value) => value !== undefined && value !== null);
};

/** One layer type's fields in the form of `rope_parameters`, with what stands beside them in the configuration. */
export function ropeParametersOfConfig(config: RopeConfig, layerType?: string): Fields {
  const own = layerFields(config, layerType);
  const type = String(own.rope_type ?? own.type ?? "default");
  const maximum = config.max_position_embeddings;
  const original = own.original_max_position_embeddings ?? config.original_max_position_embeddings ?? maximum;
  const ratio = typeof maximum === "number" && typeof original === "number" ? maximum / original : undefined;
  const defaults = {
    rope_theta: firstOf(config, bases),
    partial_rotary_factor: firstOf(config, shares),
    max_position_embeddings: maximum,
  };
  return {
    ...Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined)),
    ...own,
    rope_type: renamed[type] ?? type,
    original_max_position_embeddings: original,
    factor: own.factor ?? ratio,
  };
}

function layerFields(config: RopeConfig, layerType: string | undefined): Fields {
  const given = config.rope_parameters;
  if (isFields(given)) {
    const nested = Object.entries(given).filter(([, value]) => isFields(value));
    if (nested.length === 0) return given;
    const found = nested.find(([name]) => name === layerType)?.[1];
    check(isFields(found), "ropeConfig", () => {
      return `layer type must be one of ${nested.map(([name]) => name).join(", ")}, got ${layerType}`;
    });
    return found;
  }
  const local = firstOf(config, localBases);
  if (layerType === "sliding_attention" && local !== undefined) return { rope_theta: local };
  return isFields(config.rope_scaling) ? config.rope_scaling : {};
}

/**
 * The rotary embedding's options that a Hugging Face configuration describes, by `rope_parameters` (flat or by layer type)
 * or by `rope_theta`, `partial_rotary_factor` and `rope_scaling` (with `type` or `rope_type`; "su" is "longrope").
 *
 * Whether pairs interleave, and which end of a head turns, is the model's code and in no configuration.
 */
export function ropeOptionsFromConfig(config: RopeConfig, layerType?: string): RopeOptions {
  const fields = ropeParametersOfConfig(config, layerType);
  const type = String(fields.rope_type);
  const read = readerOf(fields);
  check(Object.hasOwn(scalings, type), "ropeConfig", () => {
    return `rope_type must be one of ${Object.keys(scalings).join(", ")}, got ${type}`;
  });
  const scaling = scalings[type]?.(read);
  // A proportional embedding has frequencies for the whole head; its share is the scaling's.
  const share = type === "proportional" ? 1 : (read.optional("partial_rotary_factor") ?? 1);
  return { base: read.optional("rope_theta") ?? 10_000, share, ...(scaling && { scaling }) };
}

/** The scaling alone; undefined for a plain rotary embedding. */
export function ropeScalingFromConfig(config: RopeConfig, layerType?: string): RopeScaling | undefined {
  return ropeOptionsFromConfig(config, layerType).scaling;
}

/** Hugging Face's names of our settings. */
const settingNames: Readonly<Record<string, string>> = {
  factor: "factor",
  originalMaximum: "original_max_position_embeddings",
  betaFast: "beta_fast",
  betaSlow: "beta_slow",
  truncate: "truncate",
  attentionFactor: "attention_factor",
  mscale: "mscale",
  mscaleAllDimensions: "mscale_all_dim",
  shortFactors: "short_factor",
  longFactors: "long_factor",
  lowFrequencyFactor: "low_freq_factor",
  highFrequencyFactor: "high_freq_factor",
  share: "partial_rotary_factor",
};

/** A rotary embedding as `rope_parameters` of a Hugging Face configuration. Errors for a scaling that it has no type for. */
export function ropeParametersFromOptions({ base = 10_000, share = 1, scaling }: RopeOptions): Fields {
  const kind = scaling?.kind ?? "default";
  check(Object.hasOwn(scalings, kind), "ropeConfig", () => {
    return `scaling must be one of ${Object.keys(scalings).join(", ")}, got ${kind}`;
  });
  const settings = Object.entries(scaling?.settings ?? {}).map(([name, value]) => [settingNames[name] ?? name, value]);
  return {
    rope_type: kind,
    rope_theta: base,
    ...(share !== 1 && { partial_rotary_factor: share }),
    ...Object.fromEntries(settings),
  };
}
