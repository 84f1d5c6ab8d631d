import { rotary } from "../config/rope.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions } from "./llama.js";

/** Command R: attention and feed-forward network side by side on one layer norm, interleaved pairs. */
export const cohere: Family = (config, task) => {
  config.only("use_qk_norm", false);
  return decoder(config, task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...llamaOptions(config),
      norm: "layerNorm",
      epsilon: config.number("layer_norm_eps", 1e-5),
      residual: "parallelSharedNorm",
      attentionBias: config.flag("attention_bias"),
      logitScale: config.number("logit_scale", 0.0625),
      tied: config.flag("tie_word_embeddings", true),
      position: rotary(config, { interleaved: true }),
    },
  });
};
