import {
  check,
  cumSum,
  type Dim,
  equal,
  expand,
  gatherElements,
  maximum,
  reshape,
  slice,
  sub,
  type Tensor,
} from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";
import {
  type Drop,
  type KeyValue,
  memoryOf,
  type Named,
  type ResolvedOptions,
  type StackInput,
  supportsCache,
  type TransformerOptions,
  transformer,
} from "@relpos/core/nn";
import { type Head, type HeadOptions, head, spanLogits } from "./head.js";
import type { DrawPositions, InputName, Model, ModelInputs } from "./model.js";
import type { Task } from "./task.js";

/** Positions of all tokens [B, past + S] from the inputs; `undefined` for 0, 1, … in every row. */
export type Positions = (inputs: ModelInputs) => Tensor | undefined;

/** Tokens counted from the first that is no padding, which is at 0 as padding itself: cumsum(mask) − 1. */
export const countTokens: Positions = ({ attention_mask: mask }) => mask && maximum(sub(cumSum(mask, 1), 1), 0);

/** 0, 1, … in every row, padding counted. */
export const countAll: Positions = () => undefined;

/** A head by its options, or what the transformer itself has: scores of tokens, after a layer of the head's where it has one. */
export interface TextModelOptions {
  readonly task: Task;
  readonly transformer: TransformerOptions;
  /** Default: none, logits or hidden states come from the transformer. */
  readonly head?: HeadOptions | undefined;
  readonly positions: Positions;
  /** Length that makes a cache stale. Default: none. */
  readonly staleAbove?: number | undefined;
  /** Default: positions are counted. */
  readonly drawPositions?: DrawPositions | undefined;
}

const languageTasks: ReadonlySet<Task> = new Set(["causal-lm", "masked-lm", "seq2seq-lm"]);

/** What a head's output is called. */
function named(task: Task, output: Tensor): Named<Tensor> {
  if (task === "features") return { last_hidden_state: output };
  return task === "question-answering" ? spanLogits(output) : { logits: output };
}

/** Masks and positions of a stack whose keys are the past's and these tokens'. */
function placed(inputs: ModelInputs, positions: Positions, past: readonly KeyValue[] | undefined): StackInput {
  const { attention_mask: mask, position_ids: given, input_ids: tokens } = inputs;
  const keyPositions = positions(inputs);
  const total = keyPositions?.shape.at(-1) as Dim;
  const pastLength = past?.[0]?.key.shape[2] as Dim | undefined;
  const own =
    keyPositions && (pastLength === undefined ? keyPositions : slice(keyPositions, { 1: [pastLength, total] }));
  return {
    tokens,
    positions: given ?? own,
    keyPositions: given && !past ? undefined : keyPositions,
    mask: mask && padding(mask),
    past,
  };
}

/** 1 for tokens [B, K] → which keys may be seen [B, 1, 1, K]. */
function padding(mask: Tensor): Tensor {
  const [batch, keys] = mask.shape as readonly [Dim, Dim];
  return reshape(equal(mask, 1), [batch, 1, 1, keys]);
}

/** One token of each row: [B, S, width] at int32 [B] → [B, 1, width]. */
function tokensAt(hidden: Tensor, positions: Tensor): Tensor {
  const [batch, , width] = hidden.shape as readonly [Dim, Dim, number];
  return gatherElements(hidden, expand(reshape(positions, [batch, 1, 1]), [batch, 1, width]), 1);
}

/** Each layer's encoding. */
export function encodingsOf({
  layers,
  position,
}: Pick<ResolvedOptions, "layers" | "position">): readonly PositionEncoding[] {
  return Array.from({ length: layers }, (_, layer) => position(layer, layers));
}

/** Whether every layer can attend to a cache with room. */
const hasRoom = (options: ResolvedOptions): boolean => encodingsOf(options).every(supportsCache);

/** A decoder or an encoder with a head. */
export function textModel(settings: TextModelOptions): Model {
  const { task, transformer: options, head: headOptions, staleAbove, drawPositions } = settings;
  /** Drawn positions are given for the past too, as masks are: they stand for the counted ones. */
  const place = (inputs: ModelInputs, past: readonly KeyValue[] | undefined): StackInput =>
    drawPositions
      ? placed({ ...inputs, position_ids: undefined }, () => inputs.position_ids, past)
      : placed(inputs, settings.positions, past);
  const main = transformer(options);
  const own: Head | undefined = headOptions && head(headOptions);
  const { layers, kvHeads, headSize } = main.options;
  const { "head.weight": headWeight, "head.bias": headBias, ...base } = main.parameters;
  const withScores = languageTasks.has(task);
  const isDecoder = main.options.form === "decoder";
  const kinds: readonly InputName[] = main.options.tokenTypes > 0 ? ["token_type_ids"] : [];
  return {
    task,
    parameters: {
      ...base,
      ...(withScores && {
        ...(headWeight && { "head.weight": headWeight }),
        ...(headBias && { "head.bias": headBias }),
      }),
      ...own?.parameters,
    },
    inputs: ["input_ids", "attention_mask", "position_ids", "logits_positions", ...kinds],
    encodings: encodingsOf(main.options),
    ...(isDecoder && {
      cache: { layers, kvHeads, headSize, hasRoom: !drawPositions && hasRoom(main.options), staleAbove },
    }),
    drawPositions,
    apply: (weights, inputs, past, drop) => {
      const tokens = inputs.input_ids;
      check(tokens, "forward", () => "input_ids must be given");
      const input = { ...place(inputs, past), tokens, tokenTypes: inputs.token_type_ids, drop };
      const { hidden, present } = main.decode(weights, input);
      const wanted = inputs.logits_positions ? tokensAt(hidden, inputs.logits_positions) : hidden;
      const read = own ? own.apply(weights, wanted, inputs, drop) : wanted;
      const output = withScores ? main.head(weights, read) : read;
      return { outputs: named(task, output), present: isDecoder ? present : [] };
    },
  };
}

/** An encoder-decoder with scores of tokens, or its hidden states. */
export function sequenceToSequenceModel({
  task,
  transformer: options,
  drawPositions,
}: Pick<TextModelOptions, "task" | "transformer" | "drawPositions">): Model {
  const main = transformer({ ...options, form: "encoder-decoder" });
  const { layers, kvHeads, headSize } = main.options;
  const { "head.weight": headWeight, ...base } = main.parameters;
  const withScores = languageTasks.has(task);
  return {
    task,
    parameters: { ...base, ...(withScores && headWeight && { "head.weight": headWeight }) },
    inputs: [
      "input_ids",
      "attention_mask",
      "position_ids",
      "decoder_input_ids",
      "decoder_position_ids",
      "encoder_last_hidden_state",
      "logits_positions",
    ],
    cache: { layers, kvHeads, headSize, hasRoom: !drawPositions && hasRoom(main.options) },
    drawPositions,
    encodings: encodingsOf(main.options),
    apply: (weights, inputs, past, drop) => {
      const { input_ids: tokens, attention_mask: mask, decoder_input_ids: own } = inputs;
      check(own, "forward", () => "decoder_input_ids must be given");
      const source = { mask: mask && padding(mask), positions: inputs.position_ids };
      const encoderDrop: Drop | undefined = drop && ((x, name) => drop(x, `encoder.${name}`));
      const encoded =
        inputs.encoder_last_hidden_state ??
        (tokens && main.encode(weights, { tokens, ...source, drop: encoderDrop }).hidden);
      check(encoded, "forward", () => "input_ids or encoder_last_hidden_state must be given");
      const target = placed({ position_ids: inputs.decoder_position_ids }, countAll, past);
      const { hidden, present } = main.decode(weights, { ...target, tokens: own, drop }, memoryOf(encoded, source));
      const wanted = inputs.logits_positions ? tokensAt(hidden, inputs.logits_positions) : hidden;
      const output = withScores ? { logits: main.head(weights, wanted) } : { last_hidden_state: hidden };
      return { outputs: { ...output, encoder_last_hidden_state: encoded }, present };
    },
  };
}
