import { rotary } from "../config/rope.js";
import { bertNames, bertOptions, robertaMaskedHead } from "./bert.js";
import { classifierHead, encoder, type Heads, plainHeads } from "./encoder.js";
import type { Family } from "./family.js";

/** ESM-2: an encoder of proteins, with norms before each step and rotary embeddings. */
export const esm: Family = (config, task) => {
  config.only("position_embedding_type", "rotary");
  config.only("emb_layer_norm_before", false);
  config.only("token_dropout", false);
  config.only("is_folding_model", false);
  config.ignore("esmfold_config", "vocab_list");
  const { tokenTypes: _, ...options } = bertOptions(config);
  const heads: Heads = {
    ...plainHeads,
    "masked-lm": robertaMaskedHead(options.epsilon ?? 1e-12),
    "sequence-classification": classifierHead({ dense: "classifier.dense", output: "classifier.out_proj" }, "tanh"),
  };
  return encoder(config, task, {
    prefix: "esm.",
    table: {
      ...bertNames("esm."),
      "layers.*.attentionNorm": "esm.encoder.layer.*.attention.LayerNorm",
      "layers.*.feedForwardNorm": "esm.encoder.layer.*.LayerNorm",
      norm: "esm.encoder.emb_layer_norm_after",
    },
    heads,
    transformer: {
      ...options,
      activation: "gelu",
      normPlacement: "pre",
      embeddingNorm: false,
      position: rotary(config),
    },
  });
};
