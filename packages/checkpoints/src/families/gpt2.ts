import { learned } from "@relpos/core/encodings";
import { activationNames } from "../config/activations.js";
import { transposed } from "../weights/make.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

export const gpt2: Family = (config, task) => {
  const width = config.count("n_embd");
  config.only("add_cross_attention", false);
  config.only("scale_attn_weights", true);
  config.only("scale_attn_by_inverse_layer_idx", false);
  // In float32 it changes nothing.
  config.ignore("reorder_and_upcast_attn");
  // In the configurations of test models; GPT-2 reads n_inner and activation_function, and has no token types.
  config.ignore("hidden_act", "intermediate_size", "type_vocab_size");
  // Of the double-heads model.
  config.ignore("summary_activation", "summary_proj_to_labels", "summary_type", "summary_use_proj");
  return decoder(config, task, {
    prefix: "transformer.",
    table: {
      embedding: "transformer.wte",
      "position.learned": "transformer.wpe",
      "layers.*.attentionNorm": "transformer.h.*.ln_1",
      "layers.*.attention.queryKeyValue": transposed("transformer.h.*.attn.c_attn"),
      "layers.*.attention.output": transposed("transformer.h.*.attn.c_proj"),
      "layers.*.feedForwardNorm": "transformer.h.*.ln_2",
      "layers.*.feedForward.up": transposed("transformer.h.*.mlp.c_fc"),
      "layers.*.feedForward.down": transposed("transformer.h.*.mlp.c_proj"),
      norm: "transformer.ln_f",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("n_layer"),
      width,
      heads: config.count("n_head"),
      feedForward: config.count("n_inner", 4 * width),
      activation: config.choice("activation_function", activationNames, "gelu_new"),
      epsilon: config.number("layer_norm_epsilon", 1e-5),
      bias: true,
      tied: config.flag("tie_word_embeddings", true),
      position: learned({ maximumPositions: config.count("n_positions", 1024) }),
    },
  });
};
