import { learned } from "@relpos/core/encodings";
import { activationNames } from "../config/activations.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

export const opt: Family = (config, task) => {
  const width = config.count("hidden_size");
  config.only("word_embed_proj_dim", width);
  config.only("layer_norm_elementwise_affine", true);
  const before = config.flag("do_layer_norm_before", true);
  return decoder(config, task, {
    prefix: "model.",
    table: {
      embedding: "model.decoder.embed_tokens",
      "position.learned": "model.decoder.embed_positions",
      "layers.*.attentionNorm": "model.decoder.layers.*.self_attn_layer_norm",
      "layers.*.attention.query": "model.decoder.layers.*.self_attn.q_proj",
      "layers.*.attention.key": "model.decoder.layers.*.self_attn.k_proj",
      "layers.*.attention.value": "model.decoder.layers.*.self_attn.v_proj",
      "layers.*.attention.output": "model.decoder.layers.*.self_attn.out_proj",
      "layers.*.feedForwardNorm": "model.decoder.layers.*.final_layer_norm",
      "layers.*.feedForward.up": "model.decoder.layers.*.fc1",
      "layers.*.feedForward.down": "model.decoder.layers.*.fc2",
      norm: "model.decoder.final_layer_norm",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("num_hidden_layers"),
      width,
      heads: config.count("num_attention_heads"),
      projections: "separate",
      feedForward: config.count("ffn_dim"),
      activation: config.choice("activation_function", activationNames, "relu"),
      normPlacement: before ? "pre" : "post",
      finalNorm: before && !config.flag("_remove_final_layer_norm"),
      bias: config.flag("enable_bias", true),
      normBias: true,
      tied: config.flag("tie_word_embeddings", true),
      position: learned({ maximumPositions: config.count("max_position_embeddings", 2048), offset: 2 }),
    },
  });
};
