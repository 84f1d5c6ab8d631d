import { falconAlibi } from "@relpos/core/encodings";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import { ignoreRope, rotary } from "../config/rope.js";
import { byGroups, reordered } from "../weights/make.js";
import type { WeightTable } from "../weights/weight-table.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

/** Number of key heads, by the three ways in which Falcon's models merge their projections. */
function keyHeads(config: Config, heads: number): number {
  const groups = config.count("num_kv_heads", heads);
  const multiQuery = config.flag("multi_query", true);
  if (config.flag("new_decoder_architecture")) return groups;
  return multiQuery ? 1 : heads;
}

/** Where norms stand: one before both halves side by side, one before each of them, or one half after the other. */
function residualOf(config: Config): "sequential" | "parallel" | "parallelSharedNorm" {
  const isNew = config.flag("new_decoder_architecture");
  const norms = config.optional("num_ln_in_parallel_attn") ?? (isNew ? 2 : 1);
  const parallel = config.flag("parallel_attn", true);
  if (!parallel && !isNew) return "sequential";
  return isNew && norms === 2 ? "parallel" : "parallelSharedNorm";
}

const normNames: Readonly<Record<ReturnType<typeof residualOf>, WeightTable>> = {
  sequential: {
    "layers.*.attentionNorm": "transformer.h.*.input_layernorm",
    "layers.*.feedForwardNorm": "transformer.h.*.post_attention_layernorm",
  },
  parallel: {
    "layers.*.attentionNorm": "transformer.h.*.ln_attn",
    "layers.*.feedForwardNorm": "transformer.h.*.ln_mlp",
  },
  parallelSharedNorm: { "layers.*.attentionNorm": "transformer.h.*.input_layernorm" },
};

export const falcon: Family = (config, task) => {
  const width = config.count("hidden_size");
  const heads = config.count("num_attention_heads");
  const headSize = width / heads;
  const kvHeads = keyHeads(config, heads);
  const residual = residualOf(config);
  const withAlibi = config.flag("alibi");
  if (withAlibi) ignoreRope(config);
  const maximumPositions = config.count("max_position_embeddings", 2048);
  return decoder(config, task, {
    prefix: "transformer.",
    table: {
      embedding: "transformer.word_embeddings",
      ...normNames[residual],
      "layers.*.attention.queryKeyValue": reordered(
        "transformer.h.*.self_attention.query_key_value",
        byGroups({ heads, kvHeads, headSize }),
      ),
      "layers.*.attention.output": "transformer.h.*.self_attention.dense",
      "layers.*.feedForward.up": "transformer.h.*.mlp.dense_h_to_4h",
      "layers.*.feedForward.down": "transformer.h.*.mlp.dense_4h_to_h",
      norm: "transformer.ln_f",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("num_hidden_layers"),
      width,
      heads,
      kvHeads,
      feedForward: config.count("ffn_hidden_size", 4 * width),
      activation: config.choice("activation", activationNames, "gelu"),
      residual,
      epsilon: config.number("layer_norm_epsilon", 1e-5),
      bias: config.flag("bias"),
      normBias: true,
      tied: config.flag("tie_word_embeddings", true),
      position: withAlibi ? falconAlibi({ factor: 1 / Math.sqrt(headSize), maximumPositions }) : rotary(config),
    },
  });
};
