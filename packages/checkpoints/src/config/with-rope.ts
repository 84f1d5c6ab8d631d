import { check } from "@relpos/core";
import { ropeParametersOfConfig } from "@relpos/core/encodings";
import { type ConfigFields, isFields } from "./config.js";
import { contextLengthOf, fullLayerType, lengthSetting, textFields } from "./context-length.js";
import { recommendScaling, type ScalingRecommendation } from "./recommend-scaling.js";
import { isRemap, type Remap, remapOf } from "./remap.js";
import { checkRope, type RopeOverride, type ScalingOverride } from "./rope-override.js";

/** A configuration with another rotary embedding. */
export interface WithRope {
  /** With the scaling in it, so that it can be saved; unchanged where distances are changed instead. */
  readonly config: ConfigFields;
  readonly remap?: Remap | undefined;
  /** What is in effect: with all settings, and what "auto" chose. Nothing where the model reaches its length as it is. */
  readonly rope?: RopeOverride | undefined;
  /** Most tokens that the model can see with it. Default: no limit. */
  readonly contextLength?: number | undefined;
}

/**
 * A configuration with another scaling of its rotary embedding, or other distances. The base and the share that turns stay; the
 * length that the model was trained at is its `max_position_embeddings`, unless its own scaling says otherwise. Where layers
 * differ, those that see the whole sequence are scaled.
 *
 * Errors for parameters that a scaling does not have. Whether the model has a rotary embedding at all, its family knows.
 */
export function withRope(given: ConfigFields, override: RopeOverride): WithRope {
  checkRope(override);
  if (override.type === "auto") return automatically(given, override.length);
  if (isRemap(override)) {
    const remap = remapOf(override, contextLengthOf(given));
    return { config: given, remap, rope: remap.override, contextLength: remap.contextLength };
  }
  const text = scaled(textFields(given), override);
  const config = given.text_config === undefined ? text : { ...given, text_config: text };
  return { config, rope: override, contextLength: contextLengthOf(config) };
}

/** Scalings whose rotation depends on the length. */
const byLength: ReadonlySet<string> = new Set(["dynamic", "longrope"]);

/** What is recommended first. */
function automatically(config: ConfigFields, length: number): WithRope {
  const text = textFields(config);
  const setting = lengthSetting(text);
  const view = {
    ...text,
    max_position_embeddings: contextLengthOf(config),
    head_dim: text.head_dim ?? text.rotary_dim ?? headSize(text),
    ...(setting === undefined && { max_position_embeddings: undefined }),
  };
  check(view.max_position_embeddings !== undefined, "rope", () => {
    return "the length that the model was trained at must be in its configuration for auto, it names none";
  });
  const layerType = fullLayerType(text);
  const own = String(ropeParametersOfConfig(text, layerType).rope_type);
  // Other distances do not go with a rotation that depends on the length.
  const fits = ({ method }: ScalingRecommendation): boolean =>
    !byLength.has(own) || method === own || method === "none";
  const best = recommendScaling(view, length, layerType).find(fits);
  check(best, "rope", () => `auto knows no way for a model with ${own} to read ${length} tokens, name one`);
  if (best.method === "none") return { config, contextLength: contextLengthOf(config) };
  if (best.ropeParameters === undefined) {
    return withRope(config, { type: best.method, ...best.settings } as RopeOverride);
  }
  const { rope_type: type, rope_theta: _, partial_rotary_factor: __, ...parameters } = best.ropeParameters;
  return withRope(config, { type, ...parameters } as unknown as RopeOverride);
}

function headSize(text: ConfigFields): number | undefined {
  const [width, heads] = [text.hidden_size ?? text.n_embd, text.num_attention_heads ?? text.n_head];
  return typeof width === "number" && typeof heads === "number" ? width / heads : undefined;
}

/** Names of the bases of layers with windows, as configurations older than `rope_parameters` have them. */
const localBases = ["rope_local_base_freq", "local_rope_theta"] as const;

/** Text settings with another scaling. */
function scaled(text: ConfigFields, override: ScalingOverride): ConfigFields {
  const local = localBases.map((name) => text[name]).find((value) => typeof value === "number");
  const layerType = fullLayerType(text) ?? (local === undefined ? undefined : "full_attention");
  const own = ropeParametersOfConfig(text, layerType);
  const { type, ...given } = override;
  const setting = lengthSetting(text);
  const named = setting === undefined ? undefined : text[setting];
  const stated = { original_max_position_embeddings: own.original_max_position_embeddings ?? named, ...given };
  const original = stated.original_max_position_embeddings;
  check(type === "default" || typeof original === "number", "rope", () => {
    return `the length that the model was trained at must be in its configuration, or original_max_position_embeddings be given for ${type}`;
  });
  const { rope_theta, partial_rotary_factor, mrope_section } = own;
  const kept = Object.entries({ rope_theta, partial_rotary_factor, mrope_section });
  const parameters = {
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined && value !== null)),
    ...defaults[type]?.(text, own, override as { factor: number }),
    ...(type !== "default" && stated),
    rope_type: type,
  };
  const { rope_scaling: _, rope_parameters: before, ...others } = text;
  const sliding = isFields(before) && isFields(before.sliding_attention) ? before.sliding_attention : undefined;
  return {
    ...others,
    ...(setting !== undefined && typeof original === "number" && { [setting]: original }),
    rope_parameters:
      layerType === undefined
        ? parameters
        : {
            ...(isFields(before) && before),
            ...(sliding === undefined &&
              local !== undefined && { sliding_attention: { rope_theta: local, rope_type: "default" } }),
            [layerType]: parameters,
          },
  };
}

/** Parameters that Hugging Face asks for and that need not be given here. */
const defaults: Readonly<
  Record<string, (text: ConfigFields, own: ConfigFields, override: { readonly factor: number }) => ConfigFields>
> = {
  llama3: () => ({ low_freq_factor: 1, high_freq_factor: 4 }),
  longrope: (text, own, { factor }) => {
    if (own.rope_type === "longrope") return { short_factor: own.short_factor, long_factor: own.long_factor };
    const share = typeof own.partial_rotary_factor === "number" ? own.partial_rotary_factor : 1;
    const size = Number(text.rotary_dim ?? Math.floor(share * Number(text.head_dim ?? headSize(text))));
    const pairs = Array.from({ length: size / 2 }, (_, m) => m);
    return {
      short_factor: pairs.map(() => 1),
      long_factor: pairs.map((m) => (size > 2 ? factor ** ((2 * m) / (size - 2)) : 1)),
    };
  },
};
