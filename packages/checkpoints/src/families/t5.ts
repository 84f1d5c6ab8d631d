import { check } from "@relpos/core";
import { t5 as bucketBias } from "@relpos/core/encodings";
import type { TransformerOptions } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import type { Task } from "../model/task.js";
import { sequenceToSequenceModel } from "../model/text-model.js";
import { either, type WeightTable } from "../weights/weight-table.js";
import type { Blueprint, Family } from "./family.js";
import { refuseTask } from "./task-settings.js";

/** A block's names; the feed-forward network is its last layer. */
const blockNames = (stack: "encoder" | "decoder"): WeightTable => {
  const [ours, theirs] = [stack === "encoder" ? "encoder.layers.*" : "layers.*", `${stack}.block.*.layer`];
  const last = stack === "encoder" ? 1 : 2;
  const attention = (name: string, module: string): WeightTable => ({
    [`${ours}.${name}.query`]: `${module}.q`,
    [`${ours}.${name}.key`]: `${module}.k`,
    [`${ours}.${name}.value`]: `${module}.v`,
    [`${ours}.${name}.output`]: `${module}.o`,
  });
  return {
    [`${ours}.attentionNorm`]: `${theirs}.0.layer_norm`,
    ...attention("attention", `${theirs}.0.SelfAttention`),
    [`${ours}.crossAttentionNorm`]: `${theirs}.1.layer_norm`,
    ...attention("crossAttention", `${theirs}.1.EncDecAttention`),
    [`${ours}.feedForwardNorm`]: `${theirs}.${last}.layer_norm`,
    [`${ours}.feedForward.gate`]: `${theirs}.${last}.DenseReluDense.wi_0`,
    [`${ours}.feedForward.down`]: `${theirs}.${last}.DenseReluDense.wo`,
    [`${ours}.position`]: `${theirs}.0.SelfAttention.relative_attention_bias`,
  };
};

const firstBias = (stack: string): string => `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias`;

const names = (gated: boolean): WeightTable => ({
  embedding: "shared",
  ...blockNames("decoder"),
  ...blockNames("encoder"),
  "layers.*.feedForward.up": `decoder.block.*.layer.2.DenseReluDense.${gated ? "wi_1" : "wi"}`,
  "encoder.layers.*.feedForward.up": `encoder.block.*.layer.1.DenseReluDense.${gated ? "wi_1" : "wi"}`,
  "position.t5": firstBias("decoder"),
  "encoder.position.t5": firstBias("encoder"),
  norm: "decoder.final_layer_norm",
  "encoder.norm": "encoder.final_layer_norm",
  // Without weights of its own the head is tied, whatever the configuration says.
  head: either("lm_head", "shared"),
});

interface Variant {
  /** One table of biases for a stack, or one for each of its layers. */
  readonly scope: "model" | "layer";
  /** Whether the head has the embedding's weights, and whether its scores are divided by √width. */
  readonly head: (config: Config) => { readonly tied: boolean; readonly scaled: boolean };
}

const variants = {
  t5: {
    scope: "model",
    head: (config) => {
      const tied = config.flag("tie_word_embeddings", true);
      return { tied, scaled: config.flag("scale_decoder_outputs", tied) };
    },
  },
  // Tied and scaled, whatever the configuration says.
  umt5: {
    scope: "layer",
    head: (config) => {
      config.ignore("tie_word_embeddings");
      return { tied: true, scaled: true };
    },
  },
} as const satisfies Readonly<Record<string, Variant>>;

function build(config: Config, task: Task, { scope, head }: Variant): Blueprint {
  if (task !== "seq2seq-lm" && task !== "features") refuseTask(config, task);
  const width = config.count("d_model");
  const layers = config.count("num_layers");
  const buckets = config.count("relative_attention_num_buckets", 32);
  const maximumDistance = config.count("relative_attention_max_distance", 128);
  const [, gate, activation = ""] = /^(gated-)?(\w+)$/.exec(config.text("feed_forward_proj", "relu")) ?? [];
  const gated = gate !== undefined;
  // In T5 a gated GELU is the tanh form.
  const named = gated && activation === "gelu" ? "gelu_new" : activation;
  check(
    Object.hasOwn(activationNames, named),
    "config",
    () => `feed_forward_proj must name an activation, got ${activation}`,
  );
  // What feed_forward_proj says, once more; positions have no end.
  config.ignore("dense_act_fn", "is_gated_act", "n_positions", "output_past");
  config.only("is_decoder", false);
  const { tied, scaled } = head(config);
  const transformer: TransformerOptions = {
    form: "encoder-decoder",
    vocabulary: config.count("vocab_size"),
    layers: config.count("num_decoder_layers", layers),
    width,
    heads: config.count("num_heads"),
    headSize: config.count("d_kv"),
    projections: "separate",
    feedForward: config.count("d_ff"),
    gated,
    activation: activationNames[named] as NonNullable<TransformerOptions["activation"]>,
    norm: "rmsNorm",
    epsilon: config.number("layer_norm_epsilon", 1e-6),
    scale: 1,
    tied,
    logitScale: scaled ? width ** -0.5 : 1,
    position: bucketBias({ buckets, maximumDistance, scope }),
    encoder: { layers, position: bucketBias({ buckets, maximumDistance, scope, bidirectional: true }) },
  };
  return { model: sequenceToSequenceModel({ task, transformer }), names: { prefix: "", table: names(gated) } };
}

/** T5, Flan-T5. */
export const t5: Family = (config, task) => build(config, task, variants.t5);

/** umT5: each layer has biases of its own. */
export const umt5: Family = (config, task) => build(config, task, variants.umt5);
