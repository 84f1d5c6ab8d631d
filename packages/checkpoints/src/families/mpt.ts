import { keyAlibi } from "@relpos/core/encodings";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";

export const mpt: Family = (config, task) => {
  const width = config.count("d_model");
  const attention = config.nested("attn_config");
  attention.only("alibi", true);
  attention.only("attn_type", "multihead_attention");
  attention.only("prefix_lm", false);
  attention.only("qk_ln", false);
  attention.only("attn_uses_sequence_id", false);
  // How the same is computed.
  attention.ignore("attn_impl");
  const clip = attention.optional("clip_qkv");
  const scale = attention.optional("softmax_scale");
  const maximumExponent = attention.number("alibi_bias_max", 8);
  attention.finish();
  config.only("no_bias", true);
  // transformers has 4 whatever it says.
  config.ignore("expansion_ratio");
  // ALiBi has no end and needs no table; layer norm is computed in float32 here in any case.
  config.ignore(
    "max_seq_len",
    "learned_pos_emb",
    "norm_type",
    "embedding_fraction",
    "verbose",
    "ffn_config",
    "init_config",
  );
  const logitScale = config.optional("logit_scale");
  return decoder(config, task, {
    prefix: "transformer.",
    table: {
      embedding: "transformer.wte",
      "layers.*.attentionNorm": "transformer.blocks.*.norm_1",
      "layers.*.attention.queryKeyValue": "transformer.blocks.*.attn.Wqkv",
      "layers.*.attention.output": "transformer.blocks.*.attn.out_proj",
      "layers.*.feedForwardNorm": "transformer.blocks.*.norm_2",
      "layers.*.feedForward.up": "transformer.blocks.*.ffn.up_proj",
      "layers.*.feedForward.down": "transformer.blocks.*.ffn.down_proj",
      norm: "transformer.norm_f",
    },
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("n_layers"),
      width,
      heads: config.count("n_heads"),
      epsilon: config.number("layer_norm_epsilon", 1e-5),
      ...(clip !== undefined && { clip }),
      ...(scale !== undefined && { scale }),
      ...(logitScale !== undefined && { logitScale }),
      tied: config.flag("tie_word_embeddings", true),
      position: keyAlibi({ origin: "last", maximumExponent }),
    },
  });
};
