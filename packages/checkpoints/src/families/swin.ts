import { check } from "@relpos/core";
import { activationNames } from "../config/activations.js";
import { meanOfTokens } from "../model/head.js";
import { swinModel } from "../model/swin-model.js";
import { tensor } from "../weights/weight-table.js";
import type { Family } from "./family.js";
import { labelCount, refuseTask } from "./task-settings.js";

export const swin: Family = (config, task) => {
  if (task !== "image-classification" && task !== "features") refuseTask(config, task);
  const depths = config.numbers("depths");
  const heads = config.numbers("num_heads");
  check(depths && heads, "config", () => "depths and num_heads must be lists of numbers, got none");
  const embedding = config.count("embed_dim");
  const width = embedding * 2 ** (depths.length - 1);
  config.only("use_absolute_embeddings", false);
  config.only("hidden_size", width);
  config.only("num_layers", depths.length);
  // Of masked pre-training and of segmentation.
  config.ignore("encoder_stride", "out_features", "out_indices", "stage_names", "path_norm");
  const block = "swin.encoder.layers.#.blocks.*";
  return {
    model: swinModel({
      task,
      patches: {
        channels: config.count("num_channels", 3),
        imageSize: config.count("image_size", 224),
        patchSize: config.count("patch_size", 4),
        width: embedding,
      },
      depths,
      heads,
      window: config.count("window_size", 7),
      feedForwardRatio: config.number("mlp_ratio", 4),
      activation: config.choice("hidden_act", activationNames, "gelu"),
      epsilon: config.number("layer_norm_eps", 1e-5),
      bias: config.flag("qkv_bias", true),
      head:
        task === "features"
          ? undefined
          : { width, pool: meanOfTokens, output: { size: labelCount(config), bias: true } },
    }),
    names: {
      prefix: "swin.",
      table: {
        patches: "swin.embeddings.patch_embeddings.projection",
        embeddingNorm: "swin.embeddings.norm",
        "stages.#.blocks.*.attentionNorm": `${block}.layernorm_before`,
        "stages.#.blocks.*.attention.query": `${block}.attention.self.query`,
        "stages.#.blocks.*.attention.key": `${block}.attention.self.key`,
        "stages.#.blocks.*.attention.value": `${block}.attention.self.value`,
        "stages.#.blocks.*.attention.output": `${block}.attention.output.dense`,
        "stages.#.blocks.*.position.table": tensor(`${block}.attention.self.relative_position_bias_table`),
        "stages.#.blocks.*.feedForwardNorm": `${block}.layernorm_after`,
        "stages.#.blocks.*.feedForward.up": `${block}.intermediate.dense`,
        "stages.#.blocks.*.feedForward.down": `${block}.output.dense`,
        "stages.#.downsample.norm": "swin.encoder.layers.#.downsample.norm",
        "stages.#.downsample.reduction": "swin.encoder.layers.#.downsample.reduction",
        norm: "swin.layernorm",
        "head.output": "classifier",
      },
    },
  };
};
