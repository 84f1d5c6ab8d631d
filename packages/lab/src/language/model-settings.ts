import { require } from "../compare/errors.js";

/** The language tasks. */
export type LanguageTaskName = "lm" | "dialogue" | "classify" | "qa" | "mlm" | "translate";

/** Everything that a model of a task is made from; with its weights and tokenizer it is the model. */
export interface ModelSettings {
  readonly task: LanguageTaskName;
  /** Number of tokens. */
  readonly vocabulary: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly feedForward: number;
  /** Most tokens of a sequence in training, of source and target each in a translation. */
  readonly length: number;
  /** Name in the catalogue of encodings; of a checkpoint of another family, its encoding's kind. */
  readonly encoding: string;
  /** The `model_type` of a checkpoint of another family. Default: a model of relpos. */
  readonly family?: string;
  /** Tokens that are digits, for encodings that tell them from others. */
  readonly digits: readonly number[];
  /** Id of the token that fills sequences up. */
  readonly pad: number;
  /** Id of the token that a decoder with an encoder begins with. Default: the tokenizer's bos. */
  readonly start?: number;
  /** Classes, for `classify`. */
  readonly labels?: readonly string[];
  /** Whether a text may have several labels or none. Default `false`. */
  readonly multiLabel?: boolean;
}

const architectures: Readonly<Record<LanguageTaskName, string>> = {
  lm: "RelposForCausalLM",
  dialogue: "RelposForCausalLM",
  classify: "RelposForSequenceClassification",
  qa: "RelposForQuestionAnswering",
  mlm: "RelposForMaskedLM",
  translate: "RelposForConditionalGeneration",
};

/** The settings as the `config.json` of a folder of Hugging Face's kind. */
export function configOf(settings: ModelSettings): Readonly<Record<string, unknown>> {
  const { task } = settings;
  return {
    model_type: "relpos",
    architectures: [architectures[task]],
    relpos_task: task,
    vocab_size: settings.vocabulary,
    hidden_size: settings.width,
    num_hidden_layers: settings.layers,
    num_attention_heads: settings.heads,
    intermediate_size: settings.feedForward,
    hidden_act: "gelu",
    tie_word_embeddings: true,
    is_decoder: task === "lm" || task === "dialogue",
    is_encoder_decoder: task === "translate",
    max_position_embeddings: settings.length,
    position_encoding: { name: settings.encoding, digits: settings.digits },
    pad_token_id: settings.pad,
    dtype: "float32",
    ...labelSettings(settings),
  };
}

/** Labels as a configuration has them; nothing of a model without. */
export function labelSettings({ labels, multiLabel = false }: ModelSettings): Readonly<Record<string, unknown>> {
  if (!labels) return {};
  return {
    num_labels: null,
    id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    problem_type: multiLabel ? "multi_label_classification" : "single_label_classification",
  };
}

/** The settings that a `config.json` of ours holds. Errors name what is missing or of another kind. */
export function settingsOfConfig(config: Readonly<Record<string, unknown>>): ModelSettings {
  require(config.model_type === "relpos", () =>
    `model_type must be "relpos", got ${JSON.stringify(config.model_type)}`, () => "choose a folder that relpos wrote");
  const number = (name: string): number => {
    const value = config[name];
    require(typeof value === "number" && Number.isInteger(value) && value >= 0, () =>
      `config.json: ${name} must be a whole number, got ${JSON.stringify(value)}`, () =>
      "choose a folder that relpos wrote");
    return value;
  };
  const task = config.relpos_task as LanguageTaskName;
  require(Object.hasOwn(architectures, task), () =>
    `config.json: relpos_task must be one of ${Object.keys(architectures).join(", ")}, got ${JSON.stringify(task)}`, () =>
    "choose a folder that this version of relpos wrote");
  const { name, digits = [] } = (config.position_encoding ?? {}) as { name?: string; digits?: readonly number[] };
  require(typeof name === "string", () => "config.json: position_encoding must have a name, got none", () =>
    "choose a folder that relpos wrote");
  const labels = config.id2label as Readonly<Record<string, string>> | undefined;
  return {
    task,
    vocabulary: number("vocab_size"),
    width: number("hidden_size"),
    layers: number("num_hidden_layers"),
    heads: number("num_attention_heads"),
    feedForward: number("intermediate_size"),
    length: number("max_position_embeddings"),
    encoding: name,
    digits,
    pad: number("pad_token_id"),
    ...(labels && {
      labels: Object.keys(labels).map((id) => labels[id]!),
      multiLabel: config.problem_type === "multi_label_classification",
    }),
  };
}
