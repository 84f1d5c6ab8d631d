import { ropeParametersOfConfig } from "@relpos/core/encodings";
import { type ConfigFields, isFields } from "./config.js";

/** Settings that hold the longest sequence that a model can see. */
const lengths = ["max_position_embeddings", "n_positions", "n_ctx"] as const;

/** The part of a configuration that is about text: of models that see as well, a configuration inside of it. */
export function textFields(config: ConfigFields): ConfigFields {
  return isFields(config.text_config) ? config.text_config : config;
}

/** The name under which a configuration has the longest sequence; nothing where it names none. */
export function lengthSetting(config: ConfigFields): string | undefined {
  return lengths.find((name) => typeof config[name] === "number");
}

/** The type of layers that see all of a sequence, where a configuration has rotary embeddings by type of layer. */
export function fullLayerType({ rope_parameters: given }: ConfigFields): string | undefined {
  return isFields(given) && Object.values(given).some(isFields) ? "full_attention" : undefined;
}

/**
 * Most tokens that a model can see by its configuration: the length that it names, or the length of its training times the
 * factor of its scaling, where it names that one as well (`original_max_position_embeddings`). Nothing where none is named.
 */
export function contextLengthOf(config: ConfigFields): number | undefined {
  const text = textFields(config);
  const setting = lengthSetting(text);
  const named = setting === undefined ? undefined : (text[setting] as number);
  const layerType = fullLayerType(text);
  const stated = isFields(text.rope_parameters)
    ? layerType === undefined
      ? text.rope_parameters
      : text.rope_parameters[layerType]
    : text.rope_scaling;
  if (!isFields(stated) || typeof stated.original_max_position_embeddings !== "number") return named;
  const { factor, original_max_position_embeddings: original } = ropeParametersOfConfig(text, layerType);
  const reached = typeof factor === "number" ? Math.floor(factor * (original as number)) : 0;
  return Math.max(named ?? 0, reached) || undefined;
}
