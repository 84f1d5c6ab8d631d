import { activationNames } from "../config/activations.js";
import { rotary } from "../config/rope.js";
import { rows } from "../weights/make.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions } from "./llama.js";

/** Phi-1 and Phi-2: attention and feed-forward network side by side on one norm. */
export const phi: Family = (config, task) => {
  const heads = config.count("num_attention_heads");
  const epsilon = config.number("layer_norm_eps", 1e-5);
  return decoder(config, task, {
    prefix: "model.",
    table: {
      embedding: "model.embed_tokens",
      "layers.*.attentionNorm": "model.layers.*.input_layernorm",
      "layers.*.attention.query": "model.layers.*.self_attn.q_proj",
      "layers.*.attention.queryNorm": "model.layers.*.self_attn.q_layernorm",
      "layers.*.attention.key": "model.layers.*.self_attn.k_proj",
      "layers.*.attention.keyNorm": "model.layers.*.self_attn.k_layernorm",
      "layers.*.attention.value": "model.layers.*.self_attn.v_proj",
      "layers.*.attention.output": "model.layers.*.self_attn.dense",
      "layers.*.feedForward.up": "model.layers.*.mlp.fc1",
      "layers.*.feedForward.down": "model.layers.*.mlp.fc2",
      norm: "model.final_layernorm",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("num_hidden_layers"),
      width: config.count("hidden_size"),
      heads,
      kvHeads: config.count("num_key_value_heads", heads),
      projections: "separate",
      feedForward: config.count("intermediate_size"),
      activation: config.choice("hidden_act", activationNames, "gelu_new"),
      residual: "parallelSharedNorm",
      ...(config.flag("qk_layernorm") && { queryKeyNorm: { kind: "layerNorm", epsilon, bias: true } }),
      epsilon,
      bias: true,
      headBias: true,
      tied: config.flag("tie_word_embeddings"),
      position: rotary(config),
    },
  });
};

/** Phi-3 and Phi-4: Llama with merged projections. */
export const phi3: Family = (config, task) => {
  const options = llamaOptions(config);
  const inner = config.count("intermediate_size");
  const window = config.optional("sliding_window");
  return decoder(config, task, {
    prefix: "model.",
    table: {
      ...llamaNames,
      "layers.*.attention.queryKeyValue": "model.layers.*.self_attn.qkv_proj",
      "layers.*.feedForward.gate": rows("model.layers.*.mlp.gate_up_proj", 0, inner),
      "layers.*.feedForward.up": rows("model.layers.*.mlp.gate_up_proj", inner, 2 * inner),
    },
    transformer: {
      ...options,
      projections: "merged",
      position: rotary(config),
      ...(window !== undefined && { window }),
    },
  });
};
