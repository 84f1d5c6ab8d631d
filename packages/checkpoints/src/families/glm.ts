import { rotary } from "../config/rope.js";
import { rows } from "../weights/make.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions, queryKeyValueBias } from "./llama.js";

/** GLM-4: Llama with interleaved pairs in half of each head. */
export const glm: Family = (config, task) => {
  const inner = config.count("intermediate_size");
  return decoder(config, task, {
    prefix: "model.",
    table: {
      ...llamaNames,
      "layers.*.feedForward.gate": rows("model.layers.*.mlp.gate_up_proj", 0, inner),
      "layers.*.feedForward.up": rows("model.layers.*.mlp.gate_up_proj", inner, 2 * inner),
    },
    transformer: {
      ...llamaOptions(config),
      attentionBias: config.flag("attention_bias") ? queryKeyValueBias : false,
      position: rotary(config, { share: 0.5, interleaved: true }),
    },
  });
};
