import type { LayerSchedule, TransformerOptions } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import { rotary } from "../config/rope.js";
import type { WeightTable } from "../weights/weight-table.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

/** Names that Llama's relatives share. */
export const llamaNames: WeightTable = {
  embedding: "model.embed_tokens",
  "layers.*.attentionNorm": "model.layers.*.input_layernorm",
  "layers.*.attention.query": "model.layers.*.self_attn.q_proj",
  "layers.*.attention.queryNorm": "model.layers.*.self_attn.q_norm",
  "layers.*.attention.key": "model.layers.*.self_attn.k_proj",
  "layers.*.attention.keyNorm": "model.layers.*.self_attn.k_norm",
  "layers.*.attention.value": "model.layers.*.self_attn.v_proj",
  "layers.*.attention.output": "model.layers.*.self_attn.o_proj",
  "layers.*.feedForwardNorm": "model.layers.*.post_attention_layernorm",
  "layers.*.feedForward.gate": "model.layers.*.mlp.gate_proj",
  "layers.*.feedForward.up": "model.layers.*.mlp.up_proj",
  "layers.*.feedForward.down": "model.layers.*.mlp.down_proj",
  norm: "model.norm",
};

/** The sizes and settings that Llama's relatives share; positions and what differs is given by each. */
export function llamaOptions(config: Config): Omit<TransformerOptions, "position"> {
  const heads = config.count("num_attention_heads");
  const width = config.count("hidden_size");
  return {
    vocabulary: config.count("vocab_size"),
    layers: config.count("num_hidden_layers"),
    width,
    heads,
    kvHeads: config.count("num_key_value_heads", heads),
    headSize: config.count("head_dim", width / heads),
    projections: "separate",
    feedForward: config.count("intermediate_size"),
    gated: true,
    activation: config.choice("hidden_act", activationNames, "silu"),
    norm: "rmsNorm",
    epsilon: config.number("rms_norm_eps", 1e-6),
    tied: config.flag("tie_word_embeddings"),
  };
}

/** Sliding windows: of all layers in Mistral, of layers of a type or behind a number in Qwen. */
export function windowsByLayer(config: Config): LayerSchedule<number | undefined> {
  const window = config.optional("sliding_window");
  const types = config.texts("layer_types");
  const firstWindowed = config.optional("max_window_layers") ?? 0;
  const used = config.flag("use_sliding_window", false);
  if (types) return (layer) => (types[layer] === "sliding_attention" ? window : undefined);
  return (layer) => (used && layer >= firstWindowed ? window : undefined);
}

/** Biases of queries, keys and values alone. */
export const queryKeyValueBias = { query: true, key: true, value: true, output: false } as const;

/** Llama 1 to 3 and what has its shape. */
export const llama: Family = (config, task) =>
  decoder(config, task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...llamaOptions(config),
      attentionBias: config.flag("attention_bias"),
      feedForwardBias: config.flag("mlp_bias"),
      position: rotary(config),
    },
  });

export const mistral: Family = (config, task) => {
  const window = config.optional("sliding_window");
  return decoder(config, task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...llamaOptions(config),
      position: rotary(config),
      ...(window !== undefined && { window }),
    },
  });
};

/** One value for layers with a rotary embedding, another for those whose `no_rope_layers` is 0. */
export function ropeOnSome<T>(config: Config, encoding: T, without: T): LayerSchedule<T> {
  const interval = config.count("no_rope_layer_interval", 4);
  const given = config.numbers("no_rope_layers");
  const marks = given && given.length > 0 ? given : undefined;
  return (layer) => ((marks ? marks[layer] === 1 : (layer + 1) % interval !== 0) ? encoding : without);
}
