import { byLayerType } from "@relpos/core/encodings";
import { activationNames } from "../config/activations.js";
import { rotary } from "../config/rope.js";
import { plusOne } from "../weights/make.js";
import type { WeightTable } from "../weights/weight-table.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions } from "./llama.js";

const names: WeightTable = {
  ...llamaNames,
  "layers.*.attentionNorm": plusOne("model.layers.*.input_layernorm"),
  "layers.*.attentionOutputNorm": plusOne("model.layers.*.post_attention_layernorm"),
  "layers.*.attention.queryNorm": plusOne("model.layers.*.self_attn.q_norm"),
  "layers.*.attention.keyNorm": plusOne("model.layers.*.self_attn.k_norm"),
  "layers.*.feedForwardNorm": plusOne("model.layers.*.pre_feedforward_layernorm"),
  "layers.*.feedForwardOutputNorm": plusOne("model.layers.*.post_feedforward_layernorm"),
  norm: plusOne("model.norm"),
};

/** Gemma 3's language model: local layers with a window and a base of their own, global ones between them. */
export const gemma3: Family = (config, task) => {
  config.only("use_bidirectional_attention", false);
  const options = llamaOptions(config);
  const { layers, width } = options;
  const pattern = config.count("sliding_window_pattern", config.count("_sliding_window_pattern", 6));
  const types =
    config.texts("layer_types") ??
    Array.from({ length: layers }, (_, layer) =>
      (layer + 1) % pattern === 0 ? "full_attention" : "sliding_attention",
    );
  const softcap = config.optional("attn_logit_softcapping");
  const logitSoftcap = config.optional("final_logit_softcapping");
  const window = config.count("sliding_window", 4096);
  return decoder(config, task, {
    prefix: "model.",
    table: names,
    transformer: {
      ...options,
      activation: config.choice("hidden_activation", activationNames, "gelu_pytorch_tanh"),
      normPlacement: "sandwich",
      queryKeyNorm: { kind: "rmsNorm", epsilon: config.number("rms_norm_eps", 1e-6), bias: false },
      attentionBias: config.flag("attention_bias"),
      embeddingScale: Math.sqrt(width),
      scale: config.number("query_pre_attn_scalar", 256) ** -0.5,
      ...(softcap !== undefined && { softcap }),
      ...(logitSoftcap !== undefined && { logitSoftcap }),
      tied: config.flag("tie_word_embeddings", true),
      position: byLayerType(types, {
        full_attention: rotary(config, { layerType: "full_attention" }),
        sliding_attention: rotary(config, { layerType: "sliding_attention" }),
      }),
      window: (layer) => (types[layer] === "sliding_attention" ? window : undefined),
    },
  });
};
