import { type HostTensor, hash, type TensorType } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { type Named, parameterCount, scoped, transformer } from "@relpos/core/nn";
import { adamW, Trainer, tokenBatch, warmupCosine } from "@relpos/core/train";
import type { RunStore } from "../train/run-store.js";
import { runTraining, saveTraining } from "../train/run-training.js";
import { checksum } from "../train/state-file.js";
import { createEvaluator, type Evaluator } from "./evaluate.js";
import { takePicture } from "./picture.js";
import type { DrawnPositions } from "./positions.js";
import type { Problem } from "./problem.js";
import type { CompareSettings, EncodingPicture, LengthResult, RunIdentity, RunResult } from "./results.js";
import { scoreOf } from "./score.js";
import { median, thinLosses } from "./statistics.js";
import { lossOf, trainingOf } from "./train-run.js";

/** Standard deviation of the initial embeddings and weights. */
export const initialDeviation = 0.02;

export interface ModelRunRequest<T> extends RunIdentity {
  readonly backend: Backend<T>;
  readonly position: PositionEncoding;
  /** Positions of the sequences, for encodings that draw them. */
  readonly drawn: DrawnPositions | undefined;
  readonly problem: Problem;
  readonly settings: CompareSettings;
  /** Identifies settings, encoding and seed. */
  readonly identity: string;
  readonly store: RunStore;
  readonly stateFile: string;
  readonly saveEvery: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStart: (step: number) => void;
  readonly onStep: (step: number, loss: number) => void;
  readonly onRows: (length: number, rows: number) => void;
}

/** Trains one model and measures it. An abort leaves a state in the store from which the run goes on. */
export async function runModel<T>(request: ModelRunRequest<T>): Promise<RunResult> {
  const { backend, encoding, seed, position, problem, settings } = request;
  const { layers, width, heads } = settings;
  const model = transformer({
    vocabulary: problem.description.vocabulary,
    layers,
    width,
    heads,
    position,
    initialDeviation,
  });
  const trainer = await Trainer.create(backend, {
    parameters: model.parameters,
    loss: lossOf(problem, model),
    batch: batchTypes(request),
    optimizer: optimizerOf(settings),
    clipNorm: settings.clipNorm,
    seed,
  });
  try {
    const identity = `${request.identity} ${hash(trainer.executable.graph)}`;
    const run = trainingOf({ ...request, trainer, identity });
    const training = await runTraining(run);
    if (training.failure) {
      const reason = "its loss is no longer a number; try a lower learning rate";
      return { encoding, seed, status: "failed", step: training.failure.step, reason };
    }
    const start = performance.now();
    try {
      const evaluator = await createEvaluator(backend, model, trainer.parameters, request.drawn);
      const lengths = await measure(request, evaluator).finally(() => evaluator.close());
      const evaluateMilliseconds = performance.now() - start;
      const weights = await trainer.downloadParameters();
      return {
        encoding,
        seed,
        status: "finished",
        parameters: parameterCount(model.parameters),
        losses: thinLosses(training.losses),
        lengths,
        picture: await pictureOf(request, weights),
        timings: {
          trainMillisecondsPerStep: median(training.milliseconds),
          trainMilliseconds: training.milliseconds.reduce((sum, time) => sum + time, 0),
          evaluateMilliseconds,
        },
        weights: checksum(weights),
      };
    } catch (error) {
      if (request.signal?.aborted) await saveTraining(run, training);
      throw error;
    }
  } finally {
    await trainer.dispose();
  }
}

function batchTypes<T>({ problem, settings, drawn }: ModelRunRequest<T>): Named<TensorType> {
  const shape = [settings.batch, settings.trainLength];
  return {
    ...tokenBatch(settings.batch, settings.trainLength),
    ...(!problem.scoresEveryToken && { weights: { shape, dtype: "float32" } }),
    ...(drawn && { positions: { shape, dtype: "int32" } }),
  };
}

function optimizerOf({ learningRate, warmupSteps, steps, learningRateFloor, weightDecay }: CompareSettings) {
  const floor = learningRate * learningRateFloor;
  const schedule = warmupCosine({ peak: learningRate, warmupSteps, totalSteps: steps, floor });
  return adamW({ learningRate: schedule, weightDecay });
}

async function measure<T>(request: ModelRunRequest<T>, evaluator: Evaluator): Promise<readonly LengthResult[]> {
  const lengths: LengthResult[] = [];
  for (const length of request.settings.testLengths) lengths.push(await measureLength(request, evaluator, length));
  return lengths;
}

async function measureLength<T>(
  { position, drawn, problem, signal, onRows }: ModelRunRequest<T>,
  evaluator: Evaluator,
  length: number,
): Promise<LengthResult> {
  const examinations = problem.examinations(length);
  const maximum = position.maximumPositions;
  if (maximum !== undefined && length > maximum) {
    onRows(
      length,
      examinations.reduce((sum, { count }) => sum + count, 0),
    );
    const reason = drawn ? `its positions are drawn from ${maximum}` : `its table has ${maximum} positions`;
    return { length, possible: false, reason };
  }
  const entries = [];
  for (const rows of examinations) {
    const marks = await evaluator.examine(rows, { signal, onRows: (count) => onRows(length, count) });
    entries.push({ name: rows.name, marks, score: scoreOf(marks) });
  }
  const bad = entries.find(({ score }) => !Number.isFinite(score.nats));
  if (bad) return { length, possible: false, reason: `its scores are no numbers, got ${bad.score.nats}` };
  const { natsAt, countAt } = entries[0]!.marks.tally;
  return {
    length,
    possible: true,
    scores: Object.fromEntries(entries.map(({ name, score }) => [name, score])),
    natsByPosition: Array.from(natsAt, (nats, at) => (countAt[at]! > 0 ? nats / countAt[at]! : null)),
  };
}

function pictureOf<T>(
  { backend, position, settings }: ModelRunRequest<T>,
  weights: Named<HostTensor>,
): Promise<EncodingPicture> {
  const { width, layers, heads, trainLength, testLengths } = settings;
  return takePicture(backend, {
    encoding: position,
    shape: { width, layers, heads, kvHeads: heads, headSize: width / heads },
    parameters: ownParameters(position, weights),
    length: Math.max(trainLength, ...testLengths),
  });
}

/** The parameters of the encoding by its own names: the model's, and those of the first layer where each has its own. */
function ownParameters({ kind }: PositionEncoding, weights: Named<HostTensor>): Named<HostTensor> {
  return { ...scoped(`position.${kind}`, weights), ...scoped("layers.0.position", weights) };
}
