import { digest, type HostTensor, hash, toStorage } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { mapNamed, type Named, parameterCount } from "@relpos/core/nn";
import { adamW, type Optimizer, sgd, Trainer, warmupCosine } from "@relpos/core/train";
import {
  type InitialEmbedding,
  initialEmbedding,
  type Tokenizer,
  type VectorCoverage,
  type WordVectors,
} from "@relpos/text";
import { require } from "../compare/errors.js";
import type { BackendSettings, Environment, LossPoint } from "../compare/results.js";
import { canonical } from "../compare/settings.js";
import { thinLosses } from "../compare/statistics.js";
import { claimStore } from "../train/claim-store.js";
import {
  bestEvaluation,
  bestWeights,
  type Evaluation,
  estimateMemory,
  learningRateAt,
  type MemoryEstimate,
  metricsLines,
  runTraining,
  saveTraining,
  type TrainingRequest,
} from "../train/index.js";
import { type RunStore, readJson, writeJson } from "../train/run-store.js";
import { checksum } from "../train/state-file.js";
import { embeddingName, frozenRows, withFrozenRows, withoutDecay } from "./frozen-embedding.js";
import type { Examiner, LanguageTask, TaskScore, TaskTraining } from "./language-task.js";
import type { LanguageTaskName, ModelSettings } from "./model-settings.js";
import { checkpointModel, newModel, optionsOf, type TrainBase } from "./prepare-model.js";
import { makeTokenizer, type TokenizerName } from "./tokenizers.js";
import { completeTraining, type TrainOptions, type TrainSettings, tokenizerOptions } from "./train-settings.js";

/** What a model is trained on, and from what. */
export interface TrainModelRequest<Records> {
  readonly task: LanguageTask<Records>;
  readonly options: TrainOptions;
  readonly training: Records;
  /** What the best weights are chosen by, and what is measured at the end unless there is a test. */
  readonly validation: Records;
  readonly test?: Records | undefined;
  /** Default: one is trained on the training texts. */
  readonly tokenizer?: Tokenizer | undefined;
  /** A checkpoint to go on from, whose sizes and encoding the model then has; `tokenizer` must be its own. Default: a new model. */
  readonly from?: TrainBase | undefined;
  /** Word vectors to begin the embeddings with, as wide as the model; trained further unless embeddings are frozen. */
  readonly vectors?: WordVectors | undefined;
}

/** What a training works with, beside what is trained. */
export interface TrainContext<T = unknown> {
  readonly backend: Backend<T>;
  /** What the backend was made with. */
  readonly backendSettings?: Readonly<Record<string, string | number>>;
  readonly store: RunStore;
  /** Goes on from what is in the store. Default `false`: a store that holds a training is refused. */
  readonly resume?: boolean;
  readonly environment?: Omit<Environment, "backend">;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Milliseconds between writes of the state. Default 10,000. */
  readonly saveEvery?: number;
  /** The memory that the process takes, to be recorded after each step. */
  readonly residentBytes?: () => number;
}

/** What a training tells while it works. `work` is the share of the whole that is done, from 0 to 1. */
export type TrainEvent =
  | { readonly type: "start"; readonly step: number; readonly work: number; readonly description: TrainDescription }
  | {
      readonly type: "step";
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly learningRate: number;
      /** Losses so far. */
      readonly losses: readonly number[];
      readonly work: number;
    }
  | { readonly type: "evaluation"; readonly evaluation: Evaluation; readonly best: boolean; readonly work: number }
  | { readonly type: "test"; readonly work: number };

/** What is about to be trained. */
export interface TrainDescription {
  readonly parameters: number;
  readonly vocabulary: number;
  readonly perEpoch: number;
  readonly steps: number;
  readonly memory: MemoryEstimate;
  /** How much of the vocabulary has a vector, where there are some. */
  readonly coverage?: VectorCoverage;
}

/** What a training writes as `results.json`. */
export interface TrainResults {
  readonly format: "relpos-train";
  readonly formatVersion: 1;
  /** When the training ended, ISO 8601. */
  readonly createdAt: string;
  readonly task: LanguageTaskName;
  readonly settings: TrainSettings;
  readonly model: ModelSettings;
  readonly backend: BackendSettings;
  readonly environment: Environment;
  readonly parameters: number;
  readonly losses: readonly LossPoint[];
  readonly evaluations: readonly Evaluation[];
  /** The step whose weights were kept. */
  readonly bestStep: number;
  readonly trainMilliseconds: number;
  /** On the test records, or else the validation records. */
  readonly result: TaskScore;
  /** Checksum of the weights that were kept. */
  readonly weights: string;
}

/** Names of the files of a training in its store, beside those of the model. */
export const trainFiles = {
  settings: "settings.json",
  results: "results.json",
  metrics: "metrics.jsonl",
  state: "training.state",
  best: "best.state",
} as const;

/**
 * Trains a model of a language task, keeps the weights that are best on the validation records, measures them, and writes
 * the model's folder. Gone on with after an interruption of any kind, it ends with the same weights, bit for bit.
 */
export async function trainModel<T, Records>(
  request: TrainModelRequest<Records>,
  context: TrainContext<T>,
): Promise<TrainResults> {
  const { backend, store, signal, onEvent, saveEvery = 10_000, residentBytes } = context;
  const { task, training: records, from } = request;
  require(!from || request.tokenizer, () => "a checkpoint must be given with its tokenizer", () =>
    "read it from its files");
  const options =
    from && request.tokenizer ? optionsOf(from, task.name, request.tokenizer, request.options) : request.options;
  const chosen = completeTraining(task.name, options, () => 1);
  const tokenizer = request.tokenizer ?? (await trainedTokenizer(task, records, chosen));
  require(from || !chosen.lora, () => "lora changes the weights of a checkpoint, and none is given", () =>
    "name one with --from");
  const prepared = from
    ? await checkpointModel(from, task, records, tokenizer, chosen)
    : newModel(task, records, tokenizer, chosen);
  const { model, conversation } = prepared;
  const data = { model, tokenizer, options: chosen, conversation };
  const embedding = request.vectors && embeddingOf(request.vectors, tokenizer, chosen);
  const initial = { ...prepared.initial, ...(embedding && { [embeddingName]: embedding.table }) };
  const frozen = chosen.freezeEmbeddings ? frozenRows(embedding) : undefined;
  const training = task.training({ ...data, records }, chosen);
  const settings = completeTraining(task.name, options, () => training.perEpoch);
  const backendSettings: BackendSettings = { name: backend.name, ...context.backendSettings };
  const environment = { versions: {}, machine: {}, ...context.environment, backend: backend.details ?? {} };
  const claim = {
    settings: { task: task.name, ...settings },
    data: dataDigests(request, tokenizer, initial),
    backend: backendSettings,
    versions: environment.versions,
  };
  const examiners: Examiner<T>[] = [];
  const examinerOf = (records: Records): Examiner<T> => {
    const examiner = task.examiner(backend, { ...data, records });
    examiners.push(examiner);
    return examiner;
  };
  try {
    // What is wrong with any record is found before something is written.
    const examiner = examinerOf(request.validation);
    const tester = request.test ? examinerOf(request.test) : examiner;
    await claimStore(store, { file: trainFiles.settings, what: "training", resume: context.resume ?? false }, claim);
    const finished = (await readJson(store, trainFiles.results)) as TrainResults | undefined;
    return finished ?? (await trainedAndSaved(examiner, tester));
  } finally {
    for (const examiner of examiners) await examiner.close();
  }

  async function trainedAndSaved(examiner: Examiner<T>, tester: Examiner<T>): Promise<TrainResults> {
    const optimizer = optimizerOf(settings);
    const trainer = await Trainer.create(backend, {
      ...trainerOptions(settings, frozen ? withFrozenRows(training, frozen) : training, optimizer),
      parameters: frozen ? withoutDecay(prepared.trained) : prepared.trained,
      frozen: prepared.frozen,
      initial,
      ...(signal && { signal }),
    });
    const learningRate = (step: number): number => learningRateAt(optimizer.schedule, step);
    const share = (step: number): number => (0.97 * step) / settings.steps;
    const losses: number[] = [];
    const run: TrainingRequest<T> = {
      trainer,
      steps: settings.steps,
      batch: training.batch,
      identity: `${digest(canonical(claim))} ${hash(trainer.executable.graph)}`,
      store,
      stateFile: trainFiles.state,
      saveEvery,
      signal,
      ...(residentBytes && { residentBytes }),
      evaluation: {
        every: settings.evaluateEvery,
        patience: settings.patience === 0 ? undefined : settings.patience,
        bestFile: trainFiles.best,
        measure: (parameters) => examiner.examine(parameters, { signal, brief: true }),
      },
      onStart: (step) => {
        const description = {
          parameters: parameterCount(prepared.trained),
          vocabulary: tokenizer.vocabulary.size,
          perEpoch: training.perEpoch,
          steps: settings.steps,
          memory: estimateMemory(trainer.executable.graph),
          ...(embedding && { coverage: embedding.coverage }),
        };
        onEvent?.({ type: "start", step, work: share(step), description });
      },
      onStep: ({ step, loss }) => {
        losses.push(loss);
        const { steps } = settings;
        onEvent?.({ type: "step", step, steps, loss, learningRate: learningRate(step), losses, work: share(step) });
      },
      onEvaluation: (evaluation, best) =>
        onEvent?.({ type: "evaluation", evaluation, best, work: share(evaluation.step) }),
      onSave: (progress) => writeText(store, trainFiles.metrics, metricsLines(progress, learningRate)),
    };
    try {
      const trained = await runTraining(run);
      if (trained.failure) throw trained.failure.error;
      const weights = mapNamed(await bestWeights(run, trained), asStored);
      onEvent?.({ type: "test", work: 0.98 });
      const whole = { ...initial, ...weights };
      const result = await examineWeights(backend, tester, whole, { signal }).catch(async (error: unknown) => {
        await saveTraining(run, trained);
        throw error;
      });
      const results: TrainResults = {
        format: "relpos-train",
        formatVersion: 1,
        createdAt: new Date().toISOString(),
        task: task.name,
        settings,
        model: model.settings,
        backend: backendSettings,
        environment,
        parameters: parameterCount(prepared.trained),
        losses: thinLosses(trained.losses),
        evaluations: trained.evaluations,
        bestStep: bestEvaluation(trained.evaluations)?.step ?? trained.losses.length,
        trainMilliseconds: trained.milliseconds.reduce((sum, time) => sum + time, 0),
        result,
        weights: checksum(weights),
      };
      await prepared.save(store, weights);
      await writeText(store, trainFiles.metrics, metricsLines(trained, learningRate));
      await writeJson(store, trainFiles.results, results);
      for (const file of [trainFiles.state, trainFiles.best]) await store.remove(file);
      return results;
    } finally {
      await trainer.dispose();
    }
  }
}

/** Measures weights that are not on the backend yet. */
export async function examineWeights<T>(
  backend: Backend<T>,
  examiner: Examiner<T>,
  weights: Named<HostTensor>,
  options: Parameters<Examiner<T>["examine"]>[1] = {},
): Promise<TaskScore> {
  const uploaded = await uploadWeights(backend, weights);
  try {
    return await examiner.examine(uploaded, options);
  } finally {
    for (const handle of Object.values(uploaded)) backend.dispose(handle);
  }
}

/** Puts weights onto a backend. */
export async function uploadWeights<T>(backend: Backend<T>, weights: Named<HostTensor>): Promise<Named<T>> {
  const entries = Object.entries(weights);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, value]) => [name, await backend.upload(value)] as const)),
  );
}

/** The vectors as initial embeddings. */
function embeddingOf(vectors: WordVectors, { vocabulary }: Tokenizer, settings: TrainSettings): InitialEmbedding {
  const { width, seed, freezeEmbeddings: frozen } = settings;
  require(vectors.width === width, () =>
    `the vectors have ${vectors.width} numbers and the model's width is ${width}`, () =>
    `choose --width ${vectors.width}, and heads that divide it`);
  return initialEmbedding(vocabulary, vectors, { seed, frozen });
}

function trainedTokenizer<Records>(
  task: LanguageTask<Records>,
  records: Records,
  settings: TrainSettings,
): Promise<Tokenizer> {
  return makeTokenizer(settings.tokenizer as TokenizerName, task.texts(records), tokenizerOptions(settings));
}

function trainerOptions(settings: TrainSettings, { loss, batchTypes }: TaskTraining, optimizer: Optimizer) {
  const { clipNorm, lora, accumulate: parts, seed } = settings;
  const dropout = lora ? (lora.dropout ?? 0) : settings.dropout;
  return { loss, batch: batchTypes, optimizer, clipNorm, dropout, parts, seed };
}

function optimizerOf(settings: TrainSettings): Optimizer {
  const { learningRate: peak, warmupSteps, steps: totalSteps, learningRateFloor, weightDecay, beta2 } = settings;
  const learningRate = warmupCosine({ peak, warmupSteps, totalSteps, floor: peak * learningRateFloor });
  if (settings.optimizer === "sgd") return sgd({ learningRate, momentum: 0.9, weightDecay });
  return adamW({ learningRate, weightDecay, beta2 });
}

/** A tensor as it is saved: what is measured is what can be loaded. */
function asStored(value: HostTensor): HostTensor {
  return { ...value, data: toStorage(value) };
}

/** What tells data from other data. */
function dataDigests<Records>(
  { training, validation, test }: TrainModelRequest<Records>,
  tokenizer: Tokenizer,
  initial: Named<HostTensor>,
): Readonly<Record<string, unknown>> {
  return {
    training: digest(JSON.stringify(training)),
    validation: digest(JSON.stringify(validation)),
    ...(test !== undefined && { test: digest(JSON.stringify(test)) }),
    tokenizer: digest(JSON.stringify(tokenizer)),
    ...(Object.keys(initial).length > 0 && { initial: checksum(initial) }),
  };
}

async function writeText(store: RunStore, name: string, text: string): Promise<void> {
  await store.write(name, new TextEncoder().encode(text));
}
