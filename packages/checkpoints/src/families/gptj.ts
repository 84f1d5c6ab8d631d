import { activationNames } from "../config/activations.js";
import { rotary } from "../config/rope.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

export const gptj: Family = (config, task) => {
  const width = config.count("n_embd");
  const heads = config.count("n_head");
  // A table of sines is as long; any position can be computed.
  config.ignore("n_positions", "rotary", "scale_attn_weights");
  config.ignore("summary_activation", "summary_proj_to_labels", "summary_type", "summary_use_proj");
  return decoder(config, task, {
    prefix: "transformer.",
    table: {
      embedding: "transformer.wte",
      "layers.*.attentionNorm": "transformer.h.*.ln_1",
      "layers.*.attention.query": "transformer.h.*.attn.q_proj",
      "layers.*.attention.key": "transformer.h.*.attn.k_proj",
      "layers.*.attention.value": "transformer.h.*.attn.v_proj",
      "layers.*.attention.output": "transformer.h.*.attn.out_proj",
      "layers.*.feedForward.up": "transformer.h.*.mlp.fc_in",
      "layers.*.feedForward.down": "transformer.h.*.mlp.fc_out",
      norm: "transformer.ln_f",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("n_layer"),
      width,
      heads,
      projections: "separate",
      feedForward: config.count("n_inner", 4 * width),
      activation: config.choice("activation_function", activationNames, "gelu_new"),
      residual: "parallelSharedNorm",
      epsilon: config.number("layer_norm_epsilon", 1e-5),
      bias: true,
      attentionBias: false,
      headBias: true,
      tied: config.flag("tie_word_embeddings"),
      position: rotary(config, { interleaved: true, rotaryDimension: config.count("rotary_dim", width / heads) }),
    },
  });
};
