import { add } from "@relpos/core";
import { defineEncoding, type PositionEncoding, sinusoidal } from "@relpos/core/encodings";
import { activationNames } from "../config/activations.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

/** Sinusoids that begin at row 2 of their table. */
function xglmSinusoids(): PositionEncoding {
  const table = sinusoidal({ layout: "concatenated", timescales: "tensor2tensor" });
  return defineEncoding({
    ...table,
    settings: { ...table.settings, offset: 2 },
    embed: (context) => table.embed({ ...context, positions: add(context.positions, 2) }),
  });
}

export const xglm: Family = (config, task) => {
  const width = config.count("d_model");
  config.only("add_cross_attention", false);
  // Sinusoids have no end.
  config.ignore("max_position_embeddings");
  return decoder(config, task, {
    prefix: "model.",
    table: {
      embedding: "model.embed_tokens",
      "layers.*.attentionNorm": "model.layers.*.self_attn_layer_norm",
      "layers.*.attention.query": "model.layers.*.self_attn.q_proj",
      "layers.*.attention.key": "model.layers.*.self_attn.k_proj",
      "layers.*.attention.value": "model.layers.*.self_attn.v_proj",
      "layers.*.attention.output": "model.layers.*.self_attn.out_proj",
      "layers.*.feedForwardNorm": "model.layers.*.final_layer_norm",
      "layers.*.feedForward.up": "model.layers.*.fc1",
      "layers.*.feedForward.down": "model.layers.*.fc2",
      norm: "model.layer_norm",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("num_layers"),
      width,
      heads: config.count("attention_heads"),
      projections: "separate",
      feedForward: config.count("ffn_dim"),
      activation: config.choice("activation_function", activationNames, "gelu"),
      bias: true,
      embeddingScale: config.flag("scale_embedding", true) ? Math.sqrt(width) : 1,
      tied: config.flag("tie_word_embeddings", true),
      position: xglmSinusoids(),
    },
  });
};
