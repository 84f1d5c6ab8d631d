import { cast, equal, logicalNot } from "@relpos/core";
import { learned, maskedPositions } from "@relpos/core/encodings";
import type { TransformerOptions } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import type { Positions } from "../model/text-model.js";
import { tensor, type WeightTable } from "../weights/weight-table.js";
import { classifierHead, encoder, type Heads, maskedHead, plainHeads } from "./encoder.js";
import type { Family } from "./family.js";

/** Names that BERT's relatives share, below `<prefix>`. */
export function bertNames(prefix: string): WeightTable {
  const layer = `${prefix}encoder.layer.*`;
  return {
    embedding: `${prefix}embeddings.word_embeddings`,
    tokenTypes: `${prefix}embeddings.token_type_embeddings`,
    "position.learned": `${prefix}embeddings.position_embeddings`,
    embeddingNorm: `${prefix}embeddings.LayerNorm`,
    "layers.*.attention.query": `${layer}.attention.self.query`,
    "layers.*.attention.key": `${layer}.attention.self.key`,
    "layers.*.attention.value": `${layer}.attention.self.value`,
    "layers.*.attention.output": `${layer}.attention.output.dense`,
    "layers.*.attentionNorm": `${layer}.attention.output.LayerNorm`,
    "layers.*.feedForward.up": `${layer}.intermediate.dense`,
    "layers.*.feedForward.down": `${layer}.output.dense`,
    "layers.*.feedForwardNorm": `${layer}.output.LayerNorm`,
  };
}

/** Sizes and settings that BERT's relatives share: norms after each step, and after the embeddings. */
export function bertOptions(config: Config): Omit<TransformerOptions, "position"> {
  config.only("is_decoder", false);
  config.only("add_cross_attention", false);
  // The head has the embedding's weights in any case.
  config.ignore("tie_word_embeddings");
  return {
    vocabulary: config.count("vocab_size"),
    layers: config.count("num_hidden_layers"),
    width: config.count("hidden_size"),
    heads: config.count("num_attention_heads"),
    projections: "separate",
    feedForward: config.count("intermediate_size"),
    activation: config.choice("hidden_act", activationNames, "gelu"),
    normPlacement: "post",
    embeddingNorm: true,
    epsilon: config.number("layer_norm_eps", 1e-12),
    bias: true,
    headBias: true,
    tokenTypes: config.count("type_vocab_size", 2),
  };
}

/** BERT's head for masked tokens. */
export function bertMaskedHead({
  activation = "gelu",
  epsilon = 1e-12,
}: Pick<TransformerOptions, "activation" | "epsilon">) {
  const names = {
    dense: "cls.predictions.transform.dense",
    norm: "cls.predictions.transform.LayerNorm",
    bias: tensor("cls.predictions.bias"),
  };
  return maskedHead(names, { activation, epsilon });
}

export const bert: Family = (config, task) => {
  config.only("position_embedding_type", "absolute");
  const options = bertOptions(config);
  const heads: Heads = {
    ...plainHeads,
    "masked-lm": bertMaskedHead(options),
    "sequence-classification": classifierHead({ dense: "bert.pooler.dense", output: "classifier" }, "tanh"),
  };
  const position = learned({ maximumPositions: config.count("max_position_embeddings", 512) });
  return encoder(config, task, {
    prefix: "bert.",
    table: bertNames("bert."),
    heads,
    transformer: { ...options, position },
  });
};

/** Tokens counted from 0 where they are no padding, by the padding token itself. */
const countOthers =
  (paddingToken: number): Positions =>
  ({ input_ids: tokens }) =>
    tokens && maskedPositions(cast(logicalNot(equal(tokens, paddingToken)), "int32"));

/** RoBERTa's head for masked tokens, which ESM has too. */
export function robertaMaskedHead(epsilon: number) {
  const names = { dense: "lm_head.dense", norm: "lm_head.layer_norm", bias: tensor("lm_head.bias") };
  return maskedHead(names, { activation: "gelu", epsilon });
}

/** RoBERTa and XLM-RoBERTa: positions begin behind the padding token's number. */
export const roberta: Family = (config, task) => {
  config.only("position_embedding_type", "absolute");
  const options = bertOptions(config);
  const paddingToken = config.count("pad_token_id", 1);
  const offset = paddingToken + 1;
  const heads: Heads = {
    ...plainHeads,
    "masked-lm": robertaMaskedHead(options.epsilon ?? 1e-12),
    "sequence-classification": classifierHead({ dense: "classifier.dense", output: "classifier.out_proj" }, "tanh"),
  };
  return encoder(config, task, {
    prefix: "roberta.",
    table: bertNames("roberta."),
    heads,
    positions: countOthers(paddingToken),
    transformer: {
      ...options,
      position: learned({ maximumPositions: config.count("max_position_embeddings", 512) - offset, offset }),
    },
  });
};
