import { catalogue } from "@relpos/catalogue";
import { type Model, modelOf } from "@relpos/checkpoints";
import { cast, equal, foldIn, type HostTensor, logicalNot, mul, randomKey, type Tensor } from "@relpos/core";
import type { Drop, Named, ParameterSpecs } from "@relpos/core/nn";
import { findEncoding } from "../compare/encoding-names.js";
import { require } from "../compare/errors.js";
import { configOf, type LanguageTaskName, type ModelSettings } from "./model-settings.js";

/** A model of a language task: a checkpoint's model, told the task's batches. */
export interface LanguageModel {
  readonly settings: ModelSettings;
  readonly model: Model;
  readonly parameters: ParameterSpecs;
  /** What the head gives, by name, for tensors of a batch by name. */
  apply(parameters: Named<Tensor>, inputs: Named<Tensor>, drop?: Drop): Named<Tensor>;
  /** Positions of sequences, for encodings that draw them or make them of tokens; those of a training follow the seed. */
  positions(seed: number): SequencePositions | undefined;
}

/** Positions of rows of tokens, int32 [B, S] each, the same whenever they are asked for. */
export interface SequencePositions {
  training(step: number, tokens: HostTensor): HostTensor;
  examination(tokens: HostTensor): HostTensor;
}

/** Makes the model of settings. Errors where the encoding cannot serve the task, with those that can. */
export function languageModel(given: ModelSettings): LanguageModel {
  const entry = findEncoding(given.encoding, catalogue);
  const needed = attentionOf[given.task];
  require(entry.attention === "both" || entry.attention === needed, () =>
    `the encoding ${entry.name} is for ${entry.attention} attention, which ${given.task} has not`, () =>
    "choose another encoding; `relpos encodings` shows what each is for");
  const settings = { ...given, encoding: entry.name };
  return taskModel(settings, modelOf(configOf(settings)));
}

const attentionOf: Readonly<Record<LanguageTaskName, "causal" | "bidirectional" | "both">> = {
  lm: "causal",
  dialogue: "causal",
  mlm: "bidirectional",
  classify: "bidirectional",
  qa: "bidirectional",
  translate: "both",
};

/** A model, of relpos or of any family, as a language task reads it. */
export function taskModel(settings: ModelSettings, model: Model): LanguageModel {
  const { task, pad } = settings;
  return {
    settings,
    model,
    parameters: model.parameters,
    apply: (weights, inputs, drop) => batchesOf[task](model, weights, inputs, { pad, drop }),
    positions: (seed) => {
      const { drawPositions } = model;
      if (!drawPositions) return undefined;
      const key = ["positions", "training"].reduce(foldIn, randomKey(seed));
      return {
        training: (step, tokens) => drawPositions(tokens, { key: foldIn(key, step), training: true }),
        examination: (tokens) => drawPositions(tokens),
      };
    },
  };
}

type Apply = (
  model: Model,
  weights: Named<Tensor>,
  inputs: Named<Tensor>,
  options: { readonly pad: number; readonly drop: Drop | undefined },
) => Named<Tensor>;

/** 1 for tokens and 0 for what fills rows up: int32 [B, S] each. */
const attentionMask = (tokens: Tensor, pad: number): Tensor => cast(logicalNot(equal(tokens, pad)), "int32");

/** Running text: what stands behind a row's end is not seen by what stands before it. */
const causal: Apply = (model, weights, { tokens, positions }, { drop }) =>
  model.apply(weights, { input_ids: tokens, position_ids: positions }, undefined, drop).outputs;

/** Rows that are filled up, whose ends are not seen. */
const masked: Apply = (model, weights, { tokens, positions }, { pad, drop }) => {
  const inputs = { input_ids: tokens, attention_mask: attentionMask(tokens!, pad), position_ids: positions };
  return model.apply(weights, inputs, undefined, drop).outputs;
};

const batchesOf: Readonly<Record<LanguageTaskName, Apply>> = {
  lm: causal,
  dialogue: causal,
  mlm: masked,
  classify: masked,
  /** Scores of each token as begin and as end of the answer: [B, S] each, padding far below all others. */
  qa: (model, weights, inputs, options) => {
    const { start_logits: start, end_logits: end } = masked(model, weights, inputs, options);
    const hide = mul(cast(equal(inputs.tokens!, options.pad), "float32"), -1e9);
    return { start: start!.add(hide), end: end!.add(hide) };
  },
  translate: (model, weights, { source, tokens, sourcePositions, positions }, { pad, drop }) => {
    const inputs = {
      input_ids: source,
      attention_mask: attentionMask(source!, pad),
      position_ids: sourcePositions,
      decoder_input_ids: tokens,
      decoder_position_ids: positions,
    };
    return model.apply(weights, inputs, undefined, drop).outputs;
  },
};
