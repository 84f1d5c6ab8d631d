import { xlnet as relativeSinusoids } from "@relpos/core/encodings";
import { activationNames } from "../config/activations.js";
import { lastToken } from "../model/head.js";
import { reshaped, transpose } from "../weights/make.js";
import { type ModuleSource, tensor } from "../weights/weight-table.js";
import { encoder, type Heads } from "./encoder.js";
import type { Family } from "./family.js";
import { labelCount } from "./task-settings.js";

const attention = "transformer.layer.*.rel_attn";

/** [width, H, D] as [width, H·D]. */
const mergedHeads = ([width = 0, heads = 0, headSize = 0]: readonly number[]) => [width, heads * headSize];

/** A projection stored as [width, H, D], as [H·D, width]. */
const perHead = (name: string): ModuleSource => reshaped(name, mergedHeads, transpose);

/** The projection back, whose weight [width, H, D] is the product's already: [width, H·D]. */
const joined = (name: string): ModuleSource => reshaped(name, mergedHeads);

/** XLNet reading both sides, as fine-tuned models do: no permutation, no memory of earlier segments. */
export const xlnet: Family = (config, task) => {
  config.only("attn_type", "bi");
  config.only("bi_data", false);
  config.only("same_length", false);
  config.only("untie_r", true);
  config.ignore(
    "mem_len",
    "reuse_len",
    "use_mems_eval",
    "use_mems_train",
    "start_n_top",
    "end_n_top",
    "tie_word_embeddings",
  );
  config.ignore("summary_activation", "summary_last_dropout", "summary_type", "summary_use_proj");
  const width = config.count("d_model");
  const clampLength = config.number("clamp_len", -1);
  const heads: Heads = {
    features: () => ({}),
    "causal-lm": () => ({ table: { "head.bias": tensor("lm_loss.bias") } }),
    "sequence-classification": () => ({
      head: {
        width,
        pool: lastToken(undefined),
        dense: { activation: "tanh", bias: true },
        output: { size: labelCount(config), bias: true },
      },
      table: { "head.dense": "sequence_summary.summary", "head.output": "logits_proj" },
    }),
  };
  return encoder(config, task, {
    prefix: "transformer.",
    table: {
      embedding: "transformer.word_embedding",
      "layers.*.attention.query.weight": perHead(`${attention}.q`),
      "layers.*.attention.key.weight": perHead(`${attention}.k`),
      "layers.*.attention.value.weight": perHead(`${attention}.v`),
      "layers.*.attention.output.weight": joined(`${attention}.o`),
      "layers.*.position.weight": perHead(`${attention}.r`),
      "layers.*.position.contentBias": tensor(`${attention}.r_w_bias`),
      "layers.*.position.positionBias": tensor(`${attention}.r_r_bias`),
      "layers.*.attentionNorm": `${attention}.layer_norm`,
      "layers.*.feedForward.up": "transformer.layer.*.ff.layer_1",
      "layers.*.feedForward.down": "transformer.layer.*.ff.layer_2",
      "layers.*.feedForwardNorm": "transformer.layer.*.ff.layer_norm",
    },
    heads,
    transformer: {
      vocabulary: config.count("vocab_size"),
      layers: config.count("n_layer"),
      width,
      heads: config.count("n_head"),
      headSize: config.count("d_head"),
      projections: "separate",
      feedForward: config.count("d_inner"),
      activation: config.choice("ff_activation", activationNames, "gelu"),
      normPlacement: "post",
      epsilon: config.number("layer_norm_eps", 1e-12),
      bias: true,
      attentionBias: false,
      headBias: true,
      position: relativeSinusoids(clampLength > 0 ? { clampLength } : {}),
    },
  });
};
