import { check } from "@relpos/core";
import { mrope } from "@relpos/core/encodings";
import { type Config, isFields } from "../config/config.js";
import { readRope, rotary } from "../config/rope.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions, queryKeyValueBias, windowsByLayer } from "./llama.js";

export const qwen2: Family = (config, task) =>
  decoder(config, task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...llamaOptions(config),
      attentionBias: queryKeyValueBias,
      position: rotary(config),
      window: windowsByLayer(config),
    },
  });

export const qwen3: Family = (config, task) => {
  const options = llamaOptions(config);
  return decoder(config, task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...options,
      attentionBias: config.flag("attention_bias"),
      queryKeyNorm: { kind: "rmsNorm", epsilon: config.number("rms_norm_eps", 1e-6), bias: false },
      position: rotary(config),
      window: windowsByLayer(config),
    },
  });
};

/** Qwen2-VL's language model. Its vision tower is not read: what it sees comes as tokens' positions and embeddings. */
export const qwen2Vl: Family = (config, task) => {
  const text = config.fields.text_config === undefined ? config : config.nested("text_config");
  config.ignore("vision_config");
  const { base, scaling } = readRope(text);
  const options = llamaOptions(text);
  const tied = config.flag("tie_word_embeddings");
  const blueprint = decoder(config, task === "seq2seq-lm" ? "causal-lm" : task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...options,
      tied,
      attentionBias: queryKeyValueBias,
      position: mrope({ ...(base !== undefined && { base }), sections: sectionsOf(text), scaling }),
      window: windowsByLayer(text),
    },
  });
  text.finish();
  return blueprint;
};

function sectionsOf(config: Config): readonly [number, number, number] {
  const found = [config.value("rope_parameters"), config.value("rope_scaling")].find(isFields)?.mrope_section;
  check(Array.isArray(found) && found.length === 3, "config", () => {
    return `mrope_section must be three numbers, got ${JSON.stringify(found)}`;
  });
  return found as unknown as readonly [number, number, number];
}
