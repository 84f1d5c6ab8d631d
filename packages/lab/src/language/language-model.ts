import { type CatalogueEntry, type CatalogueSettings, catalogue } from "@relpos/catalogue";
import { cast, div, equal, logicalNot, maximum, mul, reduceSum, reshape, slice, type Tensor } from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";
import {
  type Drop,
  type Layer,
  linearLayer,
  type Named,
  type ParameterSpecs,
  prefixed,
  scoped,
  type Transformer,
  transformer,
} from "@relpos/core/nn";
import { findEncoding } from "../compare/encoding-names.js";
import { require } from "../compare/errors.js";
import { type DrawnPositions, drawnPositions } from "../compare/positions.js";
import type { LanguageTaskName, ModelSettings } from "./model-settings.js";

/** Standard deviation of the initial embeddings and weights. */
const initialDeviation = 0.02;

/** A model of a language task: a transformer and the task's head. */
export interface LanguageModel {
  readonly settings: ModelSettings;
  readonly transformer: Transformer;
  readonly parameters: ParameterSpecs;
  /** What the head gives, by name, for tensors of a batch by name. */
  apply(parameters: Named<Tensor>, inputs: Named<Tensor>, drop?: Drop): Named<Tensor>;
  /** Positions of sequences, for encodings that draw them or make them of tokens; those of a training follow the seed. */
  positions(seed: number): DrawnPositions | undefined;
}

/** What a task's model is: which stacks, and what stands on them. */
interface Form {
  readonly form: "decoder" | "encoder" | "encoder-decoder";
  /** Outputs of the head beside the vocabulary's. */
  outputs?(settings: ModelSettings): number;
  apply(parts: Parts, weights: Named<Tensor>, inputs: Named<Tensor>, drop?: Drop): Named<Tensor>;
}

interface Parts {
  readonly transformer: Transformer;
  readonly head: Layer | undefined;
  readonly pad: number;
}

/** Makes the model of settings. Errors where the encoding cannot serve the task, with those that can. */
export function languageModel(
  settings: ModelSettings,
  entries: Readonly<Record<string, CatalogueEntry>> = catalogue,
): LanguageModel {
  const { task, width, layers, heads, feedForward, vocabulary, pad } = settings;
  const { form, outputs, apply } = forms[task];
  const entry = findEncoding(settings.encoding, entries);
  checkDirection(entry, task, form);
  const own = (causal: boolean): CatalogueSettings => ({
    trainLength: settings.length,
    causal,
    embeddingDeviation: initialDeviation,
    digits: settings.digits,
  });
  const encoding = (causal: boolean): PositionEncoding => entry.create(own(causal));
  const stack = transformer({
    form,
    vocabulary,
    layers,
    width,
    heads,
    feedForward,
    initialDeviation,
    bias: true,
    position: encoding(form !== "encoder"),
    ...(form === "encoder-decoder" && { encoder: { position: encoding(false) } }),
  });
  const head = outputs && linearLayer({ inputs: width, outputs: outputs(settings), bias: true });
  const parts = { transformer: stack, head, pad };
  return {
    settings,
    transformer: stack,
    parameters: { ...stack.parameters, ...(head && prefixed("taskHead", head.parameters)) },
    apply: (weights, inputs, drop) => apply(parts, weights, inputs, drop),
    positions: (seed) => drawnPositions(entry, own(form !== "encoder"), seed),
  };
}

function checkDirection({ name, attention }: CatalogueEntry, task: LanguageTaskName, form: Form["form"]): void {
  const needed = form === "decoder" ? "causal" : form === "encoder" ? "bidirectional" : "both";
  require(attention === "both" || attention === needed, () =>
    `the encoding ${name} is for ${attention} attention, which ${task} has not`, () =>
    "choose another encoding; `relpos encodings` shows what each is for");
}

/** Which keys hold tokens: int32 [B, S] → bool [B, 1, 1, S]. */
export function paddingMask(tokens: Tensor, pad: number): Tensor {
  const [batch, length] = tokens.shape;
  return reshape(logicalNot(equal(tokens, pad)), [batch!, 1, 1, length!]);
}

/** Scores of the vocabulary from a causal stack, or one that sees both sides of what is not padding. */
const vocabularyLogits =
  (causal: boolean): Form["apply"] =>
  ({ transformer: stack, pad }, weights, { tokens, positions }, drop) => {
    const mask = causal ? undefined : paddingMask(tokens!, pad);
    return { logits: stack.forward(weights, { tokens: tokens!, positions, mask, drop }).logits };
  };

const forms: Readonly<Record<LanguageTaskName, Form>> = {
  lm: { form: "decoder", apply: vocabularyLogits(true) },
  dialogue: { form: "decoder", apply: vocabularyLogits(true) },
  mlm: { form: "encoder", apply: vocabularyLogits(false) },
  /** The mean over tokens, and a linear layer: logits [B, labels]. */
  classify: {
    form: "encoder",
    outputs: ({ labels = [] }) => labels.length,
    apply: ({ transformer: stack, head, pad }, weights, { tokens, positions }, drop = (x) => x) => {
      const { hidden } = stack.encode(weights, { tokens: tokens!, positions, mask: paddingMask(tokens!, pad), drop });
      const [batch, length] = tokens!.shape;
      const counts = reshape(cast(logicalNot(equal(tokens!, pad)), "float32"), [batch!, length!, 1]);
      const mean = div(reduceSum(mul(hidden, counts), 1), maximum(reduceSum(counts, 1), 1));
      return { logits: head!.apply(scoped("taskHead", weights), drop(mean, "pooled")) };
    },
  },
  /** Scores of each token as begin and as end of the answer: [B, S] each, padding far below all others. */
  qa: {
    form: "encoder",
    outputs: () => 2,
    apply: ({ transformer: stack, head, pad }, weights, { tokens, positions }, drop) => {
      const { hidden } = stack.encode(weights, { tokens: tokens!, positions, mask: paddingMask(tokens!, pad), drop });
      const scores = head!.apply(scoped("taskHead", weights), hidden);
      const [batch, length] = tokens!.shape;
      const hide = mul(cast(equal(tokens!, pad), "float32"), -1e9);
      const side = (index: number): Tensor => {
        return reshape(slice(scores, { 2: [index, index + 1] }), [batch!, length!]).add(hide);
      };
      return { start: side(0), end: side(1) };
    },
  },
  translate: {
    form: "encoder-decoder",
    apply: ({ transformer: stack, pad }, weights, { source, tokens, sourcePositions, positions }, drop) => {
      const mask = paddingMask(source!, pad);
      const encoderDrop: Drop | undefined = drop && ((x, name) => drop(x, `encoder.${name}`));
      const from = { tokens: source!, positions: sourcePositions, mask, drop: encoderDrop };
      return { logits: stack.forward(weights, { tokens: tokens!, positions, drop }, from).logits };
    },
  },
};
