import { activationNames } from "../config/activations.js";
import { rotary } from "../config/rope.js";
import { byGroups, reordered } from "../weights/make.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

/** GPT-NeoX and Pythia. */
export const gptNeox: Family = (config, task) => {
  const width = config.count("hidden_size");
  const heads = config.count("num_attention_heads");
  const order = byGroups({ heads, kvHeads: heads, headSize: width / heads });
  config.only("is_decoder", false);
  return decoder(config, task, {
    prefix: "gpt_neox.",
    head: "embed_out",
    table: {
      embedding: "gpt_neox.embed_in",
      "layers.*.attentionNorm": "gpt_neox.layers.*.input_layernorm",
      "layers.*.attention.queryKeyValue": reordered("gpt_neox.layers.*.attention.query_key_value", order),
      "layers.*.attention.output": "gpt_neox.layers.*.attention.dense",
      "layers.*.feedForwardNorm": "gpt_neox.layers.*.post_attention_layernorm",
      "layers.*.feedForward.up": "gpt_neox.layers.*.mlp.dense_h_to_4h",
      "layers.*.feedForward.down": "gpt_neox.layers.*.mlp.dense_4h_to_h",
      norm: "gpt_neox.final_layer_norm",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("num_hidden_layers"),
      width,
      heads,
      feedForward: config.count("intermediate_size"),
      activation: config.choice("hidden_act", activationNames, "gelu"),
      residual: config.flag("use_parallel_residual", true) ? "parallel" : "sequential",
      epsilon: config.number("layer_norm_eps", 1e-5),
      bias: true,
      attentionBias: config.flag("attention_bias", true),
      tied: config.flag("tie_word_embeddings"),
      position: rotary(config, { share: 0.25 }),
    },
  });
};
