import { byLayerType } from "@relpos/core/encodings";
import { within } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import { rotary } from "../config/rope.js";
import { everyToken, firstToken, meanOfTokens, type Pool } from "../model/head.js";
import { rows } from "../weights/make.js";
import { tensor } from "../weights/weight-table.js";
import { encoder, type Heads } from "./encoder.js";
import type { Family } from "./family.js";
import { labelCount } from "./task-settings.js";

const pools: Readonly<Record<string, Pool>> = { cls: firstToken, mean: meanOfTokens };

/** All of ModernBERT's heads have a layer before the output. */
function headsOf(config: Config): Heads {
  const dense = {
    activation: config.choice("classifier_activation", activationNames, "gelu"),
    bias: config.flag("classifier_bias"),
  };
  const norm = { epsilon: config.number("norm_eps", 1e-5), bias: config.flag("norm_bias") };
  const pool = config.choice("classifier_pooling", pools, "cls");
  const inner = { "head.dense": "head.dense", "head.norm": "head.norm" };
  return {
    features: () => ({}),
    "masked-lm": (_, width) => ({
      head: { width, pool: everyToken, dense, norm },
      table: { ...inner, "head.bias": tensor("decoder.bias") },
    }),
    "sequence-classification": (_, width) => ({
      head: { width, pool, dense, norm, output: { size: labelCount(config), bias: true } },
      table: { ...inner, "head.output": "classifier" },
    }),
    "token-classification": (_, width) => ({
      head: { width, pool: everyToken, dense, norm, output: { size: labelCount(config), bias: true } },
      table: { ...inner, "head.output": "classifier" },
    }),
    "question-answering": (_, width) => ({
      head: { width, pool: everyToken, dense, norm, output: { size: 2, bias: true } },
      table: { ...inner, "head.output": "classifier" },
    }),
  };
}

/** ModernBERT: local layers with a window on both sides, global ones between them, each with a base of its own. */
export const modernbert: Family = (config, task) => {
  const layers = config.count("num_hidden_layers");
  const inner = config.count("intermediate_size");
  const every = config.count("global_attn_every_n_layers", 3);
  const local = within(Math.floor(config.count("local_attention", 128) / 2));
  const types =
    config.texts("layer_types") ??
    Array.from({ length: layers }, (_, layer) => (layer % every === 0 ? "full_attention" : "sliding_attention"));
  config.only("tie_word_embeddings", true);
  // How training computes the same.
  config.ignore("deterministic_flash_attn", "initializer_cutoff_factor", "reference_compile", "repad_logits_with_grad");
  config.ignore("sparse_pred_ignore_index", "sparse_prediction", "embedding_norm", "position_embedding_type");
  return encoder(config, task, {
    prefix: "model.",
    table: {
      embedding: "model.embeddings.tok_embeddings",
      embeddingNorm: "model.embeddings.norm",
      "layers.*.attentionNorm": "model.layers.*.attn_norm",
      "layers.*.attention.queryKeyValue": "model.layers.*.attn.Wqkv",
      "layers.*.attention.output": "model.layers.*.attn.Wo",
      "layers.*.feedForwardNorm": "model.layers.*.mlp_norm",
      "layers.*.feedForward.gate": rows("model.layers.*.mlp.Wi", 0, inner),
      "layers.*.feedForward.up": rows("model.layers.*.mlp.Wi", inner, 2 * inner),
      "layers.*.feedForward.down": "model.layers.*.mlp.Wo",
      norm: "model.final_norm",
    },
    heads: headsOf(config),
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers,
      width: config.count("hidden_size"),
      heads: config.count("num_attention_heads"),
      feedForward: inner,
      gated: true,
      activation: config.choice("hidden_activation", activationNames, "gelu"),
      embeddingNorm: true,
      firstAttentionNorm: false,
      epsilon: config.number("norm_eps", 1e-5),
      attentionBias: config.flag("attention_bias"),
      feedForwardBias: config.flag("mlp_bias"),
      normBias: config.flag("norm_bias"),
      headBias: config.flag("decoder_bias", true),
      position: byLayerType(types, {
        full_attention: rotary(config, { layerType: "full_attention" }),
        sliding_attention: rotary(config, { layerType: "sliding_attention" }),
      }),
      visible: (layer) => (types[layer] === "sliding_attention" ? local : undefined),
    },
  });
};
