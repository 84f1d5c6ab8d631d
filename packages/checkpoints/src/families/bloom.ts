import { keyAlibi } from "@relpos/core/encodings";
import { byGroups, reordered } from "../weights/make.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

export const bloom: Family = (config, task) => {
  const width = config.count("hidden_size", config.count("n_embed", 0));
  const heads = config.count("n_head", config.count("num_attention_heads", 0));
  const order = byGroups({ heads, kvHeads: heads, headSize: width / heads });
  config.only("apply_residual_connection_post_layernorm", false);
  // How a product was divided in training, to the same result; ALiBi has no end.
  config.ignore("slow_but_exact", "seq_length", "offset_alibi", "attention_softmax_in_fp32", "masked_softmax_fusion");
  config.ignore("bias_dropout_fusion", "skip_bias_add", "skip_bias_add_qkv", "hidden_act");
  return decoder(config, task, {
    prefix: "transformer.",
    table: {
      embedding: "transformer.word_embeddings",
      embeddingNorm: "transformer.word_embeddings_layernorm",
      "layers.*.attentionNorm": "transformer.h.*.input_layernorm",
      "layers.*.attention.queryKeyValue": reordered("transformer.h.*.self_attention.query_key_value", order),
      "layers.*.attention.output": "transformer.h.*.self_attention.dense",
      "layers.*.feedForwardNorm": "transformer.h.*.post_attention_layernorm",
      "layers.*.feedForward.up": "transformer.h.*.mlp.dense_h_to_4h",
      "layers.*.feedForward.down": "transformer.h.*.mlp.dense_4h_to_h",
      norm: "transformer.ln_f",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("n_layer", config.count("num_hidden_layers", 0)),
      width,
      heads,
      activation: "geluTanh",
      embeddingNorm: true,
      epsilon: config.number("layer_norm_epsilon", 1e-5),
      bias: true,
      tied: config.flag("tie_word_embeddings", true),
      position: keyAlibi(),
    },
  });
};
