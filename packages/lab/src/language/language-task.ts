import type { HostTensor, TensorType } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Named } from "@relpos/core/nn";
import type { Loss } from "@relpos/core/train";
import type { Tokenizer } from "@relpos/text";
import type { ConversationForm } from "./conversation.js";
import type { LanguageModel } from "./language-model.js";
import type { LanguageTaskName, ModelSettings } from "./model-settings.js";

/** Sizes of a model that are chosen; everything else follows from the data. */
export type ModelSizes = Pick<ModelSettings, "layers" | "width" | "heads" | "feedForward" | "length" | "encoding">;

/** What a task may be told beside sizes. */
export interface TaskOptions {
  /** Whether a text may have several labels or none. */
  readonly multiLabel?: boolean;
  /** How answers are compared, and how translations are cut for BLEU. Default "en". */
  readonly language?: "en" | "zh";
  /** Hypotheses that a translation keeps. Default 4. */
  readonly beams?: number;
  /** Conversations that are answered at an examination. Default 40. */
  readonly answers?: number;
  /** Tokens of an answer to a question at most. Default 30. */
  readonly answerLength?: number;
}

/** A model's data, bound to it. */
export interface TaskContext<Records> {
  readonly model: LanguageModel;
  readonly records: Records;
  readonly tokenizer: Tokenizer;
  readonly options: TaskOptions;
  /** How conversations become tokens. Default: each message behind its role's token. */
  readonly conversation?: ConversationForm | undefined;
}

/** How training goes on. */
export interface TrainingOptions {
  readonly batch: number;
  readonly seed: number;
  readonly labelSmoothing: number;
  /** How many lengths batches have at most. */
  readonly buckets: number;
}

/** What a training step needs: loss, and batches as a pure function of the step. */
export interface TaskTraining {
  readonly batchTypes: readonly Named<TensorType>[];
  /** Steps in which every example comes once. */
  readonly perEpoch: number;
  readonly loss: Loss;
  /** The batch of a step, counted from 0. */
  batch(step: number): Named<HostTensor> | Promise<Named<HostTensor>>;
}

/** Measures weights on records. */
export interface Examiner<T> {
  examine(parameters: Named<T>, options?: ExamineOptions): Promise<TaskScore>;
  close(): Promise<void>;
}

export interface ExamineOptions {
  /** Whether it is one on the way: what chooses the weights is measured of all records, what takes long of a few. */
  readonly brief?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told the share of the records that is done. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** What an examination found. */
export interface TaskScore {
  /** Higher is better: what chooses the best weights. */
  readonly score: number;
  readonly measures: Readonly<Record<string, number>>;
  /** By class, for classification. */
  readonly classes?: readonly ClassRow[];
  /** [expected][predicted]. */
  readonly confusion?: readonly (readonly number[])[];
  /** A few inputs with what was expected and what came. */
  readonly examples: readonly TaskExample[];
  /** All predictions in the order of the records, where they are text. */
  readonly predictions?: readonly string[];
}

export interface ClassRow {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

export interface TaskExample {
  readonly input: string;
  readonly expected: string;
  readonly predicted: string;
}

/** A language task: data → model → loss → metrics. */
export interface LanguageTask<Records> {
  readonly name: LanguageTaskName;
  /** What it is, one phrase. */
  readonly summary: string;
  /** The measure that is looked at first. */
  readonly headline: string;
  /** All texts, for a tokenizer to be trained on. */
  texts(records: Records): Iterable<string>;
  /** The settings of a model for records. Errors name what is wrong with them. */
  settings(records: Records, tokenizer: Tokenizer, sizes: ModelSizes, options: TaskOptions): ModelSettings;
  training(context: TaskContext<Records>, options: TrainingOptions): TaskTraining;
  examiner<T>(backend: Backend<T>, context: TaskContext<Records>): Examiner<T>;
}
