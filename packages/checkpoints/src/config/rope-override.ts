import { check } from "@relpos/core";
import { ropeParametersOfConfig } from "@relpos/core/encodings";
import { type ConfigFields, isFields } from "./config.js";

/** A scaling by Hugging Face's names: `type` and its parameters. */
export interface RopeOverride {
  readonly type: string;
  readonly factor?: number;
  readonly [parameter: string]: unknown;
}

/**
 * A configuration with another scaling of its rotary embedding. The base and the share that turns stay; the length that the
 * model was trained at is its `max_position_embeddings`, unless its own scaling says otherwise.
 */
export function withRope(config: ConfigFields, { type, ...parameters }: RopeOverride): ConfigFields {
  const own = ["rope_parameters", "rope_scaling", "rope_theta", "rotary_emb_base"].some(
    (name) => config[name] !== undefined,
  );
  check(
    own,
    "rope",
    () => `the model must have a rotary embedding, model_type ${String(config.model_type)} names none`,
  );
  const given = config.rope_parameters;
  check(!isFields(given) || !Object.values(given).some(isFields), "rope", () => {
    return "the model must have one rotary embedding for all layers, it has one for each type of layer";
  });
  const { rope_theta, partial_rotary_factor, original_max_position_embeddings } = ropeParametersOfConfig(config);
  const { rope_scaling: _, rope_parameters: __, ...others } = config;
  const kept = Object.entries({ rope_theta, partial_rotary_factor, original_max_position_embeddings }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return { ...others, rope_parameters: { ...Object.fromEntries(kept), ...parameters, rope_type: type } };
}
