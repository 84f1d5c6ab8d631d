import { check } from "@relpos/core";
import { ropeParametersOfConfig } from "@relpos/core/encodings";
import type { ConfigFields } from "./config.js";
import { contextLengthOf, fullLayerType, textFields } from "./context-length.js";
import type { RopeOverride } from "./rope-override.js";

/**
 * Every way for a model with rotary positions to read so many tokens without training, with the settings that reach them:
 * factors to two places upwards, the smallest groups. None where it reads them as it is.
 *
 * Whether a way fits the model, `openCheckpoint` knows. Errors when the configuration names no length.
 */
export function scalingsFor(config: ConfigFields, length: number): readonly RopeOverride[] {
  const text = textFields(config);
  const reach = contextLengthOf(config);
  check(reach !== undefined, "rope", () => {
    return "the length that the model was trained at must be in its configuration, it names none";
  });
  if (length <= reach) return [];
  const { rope_type, original_max_position_embeddings } = ropeParametersOfConfig(text, fullLayerType(text));
  const isScaled = rope_type !== "default" && rope_type !== "mrope";
  const original = isScaled ? Number(original_max_position_embeddings ?? reach) : reach;
  const factor = Math.ceil((100 * length) / original) / 100;
  const window = Math.max(1, Math.min(1024, Math.floor(reach / 4)));
  const group = Math.ceil((length - window) / (reach - window));
  return [
    { type: "dynamic", factor },
    { type: "yarn", factor },
    { type: "linear", factor },
    { type: "llama3", factor },
    { type: "longrope", factor },
    { type: "self-extend", group, window },
    { type: "dual-chunk" },
    { type: "rerope" },
  ];
}
