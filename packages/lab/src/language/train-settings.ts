import type { LoraConfig } from "@relpos/checkpoints";
import { require } from "../compare/errors.js";
import { checkSizes } from "../train/check-sizes.js";
import type { ModelSizes, TaskOptions } from "./language-task.js";
import type { LanguageTaskName } from "./model-settings.js";
import type { TokenizerName, TokenizerOptions } from "./tokenizers.js";

/** Everything that a training depends on beside its data and its backend. */
export interface TrainSettings extends ModelSizes, TaskOptions {
  readonly tokenizer: TokenizerName | "given";
  readonly vocabularySize: number;
  readonly minFrequency: number;
  readonly lowercase: boolean;
  /** Whether embeddings that word vectors fill keep them. */
  readonly freezeEmbeddings: boolean;
  readonly seed: number;
  readonly steps: number;
  /** Sequences in a batch. */
  readonly batch: number;
  /** Into how many parts each batch is cut, whose gradients are summed. */
  readonly accumulate: number;
  /** How many lengths batches have at most. */
  readonly buckets: number;
  /** Trains low-rank changes of some weights of a checkpoint, whose own weights stay. Default: all weights are trained. */
  readonly lora?: Omit<LoraConfig, "modulesToSave">;
  readonly optimizer: "adamw" | "sgd";
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Share of the peak learning rate that is left at the last step. */
  readonly learningRateFloor: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly dropout: number;
  readonly labelSmoothing: number;
  /** Steps between evaluations. */
  readonly evaluateEvery: number;
  /** Evaluations without a better score after which training stops; 0: never. */
  readonly patience: number;
}

/** What a training may be asked; every choice has a default. `epochs` stands for the steps of so many passes. */
export type TrainOptions = Partial<TrainSettings> & { readonly epochs?: number };

const common: Omit<TrainSettings, "steps" | "warmupSteps" | "evaluateEvery" | "feedForward"> = {
  encoding: "rope",
  layers: 2,
  width: 128,
  heads: 4,
  length: 64,
  tokenizer: "words",
  vocabularySize: 8000,
  minFrequency: 1,
  lowercase: true,
  freezeEmbeddings: false,
  seed: 0,
  batch: 32,
  accumulate: 1,
  buckets: 4,
  optimizer: "adamw",
  learningRate: 0.001,
  learningRateFloor: 0.1,
  beta2: 0.99,
  weightDecay: 0.1,
  clipNorm: 1,
  dropout: 0.1,
  labelSmoothing: 0,
  patience: 0,
};

/** Where tasks differ from what is common. */
const byTask: Readonly<Record<LanguageTaskName, Partial<typeof common> & { readonly epochs: number }>> = {
  lm: { epochs: 3, tokenizer: "characters", layers: 4, dropout: 0, lowercase: false },
  classify: { epochs: 5, dropout: 0.2 },
  qa: { epochs: 10, length: 256, batch: 16, tokenizer: "wordpiece" },
  mlm: { epochs: 5, tokenizer: "wordpiece" },
  translate: { epochs: 5, batch: 64, tokenizer: "bpe", labelSmoothing: 0.1, lowercase: false },
  dialogue: { epochs: 10, tokenizer: "bpe", lowercase: false },
};

/** The defaults of a task. */
export function trainDefaults(task: LanguageTaskName): typeof common & { readonly epochs: number } {
  return { ...common, ...byTask[task] };
}

const wholeNumbers = [
  "layers",
  "width",
  "heads",
  "length",
  "steps",
  "batch",
  "accumulate",
  "buckets",
  "evaluateEvery",
] as const;

/** Fills in what was not chosen, for data whose examples come once in `perEpoch` steps, and checks all of it. */
export function completeTraining(
  task: LanguageTaskName,
  options: TrainOptions,
  perEpoch: (batch: number) => number,
): TrainSettings {
  const defined = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as TrainOptions;
  const { epochs, ...chosen } = { ...trainDefaults(task), ...defined };
  const steps = defined.steps ?? Math.max(1, Math.ceil(epochs * perEpoch(chosen.batch)));
  const settings: TrainSettings = {
    feedForward: 4 * chosen.width,
    warmupSteps: Math.floor(steps / 10),
    evaluateEvery: Math.max(1, Math.ceil(steps / 10)),
    ...chosen,
    steps,
  };
  for (const name of wholeNumbers) {
    const value = settings[name];
    require(Number.isInteger(value) && value > 0, () => `${name} is a whole number above 0, got ${value}`, () =>
      "choose one");
  }
  const { width, heads, batch, accumulate, warmupSteps } = settings;
  require(width % heads === 0, () => `heads must divide width, got width ${width} and ${heads} heads`, () =>
    `try width ${Math.ceil(width / heads) * heads}`);
  checkSizes(settings);
  require(batch % accumulate === 0, () => `accumulate must divide the batch, got ${accumulate} and ${batch}`, () =>
    `try batch ${Math.ceil(batch / accumulate) * accumulate}`);
  require(warmupSteps < steps, () => `warmupSteps must be below the ${steps} steps, got ${warmupSteps}`, () =>
    `try ${Math.floor(steps / 10)}`);
  for (const name of ["dropout", "labelSmoothing"] as const) {
    const value = settings[name];
    require(value >= 0 && value < 1, () => `${name} is at least 0 and below 1, got ${value}`, () => "try 0.1");
  }
  return settings;
}

/** The part of the settings that a tokenizer is trained with. */
export function tokenizerOptions({ vocabularySize, minFrequency, lowercase }: TrainSettings): TokenizerOptions {
  return { vocabularySize, minFrequency, lowercase };
}
