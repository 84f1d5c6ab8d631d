import { learned, beit as patchBias } from "@relpos/core/encodings";
import type { StackOptions } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import { firstToken, type HeadOptions, meanOfPatches, type Pool } from "../model/head.js";
import { patchesOnSide } from "../model/patches.js";
import type { Task } from "../model/task.js";
import { visionModel } from "../model/vision-model.js";
import { reshaped } from "../weights/make.js";
import { tensor, type WeightTable } from "../weights/weight-table.js";
import type { Family } from "./family.js";
import { labelCount, refuseTask } from "./task-settings.js";

/** Names that ViT's relatives share. */
const visionNames = (prefix: string): WeightTable => ({
  patches: `${prefix}embeddings.patch_embeddings.projection`,
  classToken: tensor(`${prefix}embeddings.cls_token`),
  "layers.*.attentionNorm": `${prefix}encoder.layer.*.layernorm_before`,
  "layers.*.attention.query": `${prefix}encoder.layer.*.attention.attention.query`,
  "layers.*.attention.key": `${prefix}encoder.layer.*.attention.attention.key`,
  "layers.*.attention.value": `${prefix}encoder.layer.*.attention.attention.value`,
  "layers.*.attention.output": `${prefix}encoder.layer.*.attention.output.dense`,
  "layers.*.feedForwardNorm": `${prefix}encoder.layer.*.layernorm_after`,
  "layers.*.feedForward.up": `${prefix}encoder.layer.*.intermediate.dense`,
  "layers.*.feedForward.down": `${prefix}encoder.layer.*.output.dense`,
  "head.output": "classifier",
});

function visionStack(config: Config): Omit<StackOptions, "position"> {
  return {
    layers: config.count("num_hidden_layers"),
    width: config.count("hidden_size"),
    heads: config.count("num_attention_heads"),
    projections: "separate",
    feedForward: config.count("intermediate_size"),
    activation: config.choice("hidden_act", activationNames, "gelu"),
    epsilon: config.number("layer_norm_eps", 1e-12),
    bias: true,
  };
}

function patchesOf(config: Config) {
  return {
    channels: config.count("num_channels", 3),
    imageSize: config.count("image_size", 224),
    patchSize: config.count("patch_size", 16),
  };
}

/** Classes of an image, or none for the bare model. */
function classes(
  config: Config,
  task: Task,
  width: number,
  pool: Pool,
  norm?: HeadOptions["norm"],
): HeadOptions | undefined {
  if (task === "features") return undefined;
  if (task !== "image-classification") refuseTask(config, task);
  return { width, pool, norm, output: { size: labelCount(config), bias: true } };
}

export const vit: Family = (config, task) => {
  const stack = visionStack(config);
  const patches = patchesOf(config);
  const withBias = config.flag("qkv_bias", true);
  // Of masked pre-training, and of a pooler that the classifier does not read.
  config.ignore("encoder_stride", "pooler_act", "pooler_output_size");
  return {
    model: visionModel({
      task,
      patches,
      stack: {
        ...stack,
        attentionBias: { query: withBias, key: withBias, value: withBias, output: true },
        position: learned({ maximumPositions: patchesOnSide(patches) ** 2 + 1 }),
      },
      head: classes(config, task, stack.width, firstToken),
    }),
    names: {
      prefix: "vit.",
      table: {
        ...visionNames("vit."),
        "position.learned": reshaped("vit.embeddings.position_embeddings", (shape) => shape.slice(1)),
        norm: "vit.layernorm",
      },
    },
  };
};

/** BEiT with a table of relative positions in each layer. */
export const beit: Family = (config, task) => {
  const stack = visionStack(config);
  const patches = patchesOf(config);
  const side = patchesOnSide(patches);
  config.only("use_absolute_position_embeddings", false);
  config.only("use_relative_position_bias", true);
  config.only("use_shared_relative_position_bias", false);
  config.only("use_mean_pooling", true);
  // Of masked pre-training and of segmentation.
  config.ignore("vocab_size", "use_mask_token", "add_fpn", "auxiliary_channels", "auxiliary_concat_input");
  config.ignore("auxiliary_loss_weight", "auxiliary_num_convs", "out_features", "out_indices", "pool_scales");
  config.ignore("reshape_hidden_states", "semantic_loss_ignore_index", "stage_names", "use_auxiliary_head");
  return {
    model: visionModel({
      task,
      patches,
      stack: {
        ...stack,
        attentionBias: { query: true, key: false, value: true, output: true },
        layerScale: config.number("layer_scale_init_value", 0.1) > 0,
        finalNorm: false,
        position: patchBias({ height: side, width: side }),
      },
      head: classes(config, task, stack.width, meanOfPatches, { epsilon: stack.epsilon ?? 1e-12, bias: true }),
    }),
    names: {
      prefix: "beit.",
      table: {
        ...visionNames("beit."),
        "layers.*.position.table": tensor(
          "beit.encoder.layer.*.attention.attention.relative_position_bias.relative_position_bias_table",
        ),
        "layers.*.attentionScale.weight": tensor("beit.encoder.layer.*.lambda_1"),
        "layers.*.feedForwardScale.weight": tensor("beit.encoder.layer.*.lambda_2"),
        "head.norm": "beit.pooler.layernorm",
      },
    },
  };
};
