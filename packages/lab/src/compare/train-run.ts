import { cast, crossEntropy, div, type HostTensor, maximum, mul, reduceSum, type Tensor } from "@relpos/core";
import type { Named, Transformer } from "@relpos/core/nn";
import { type Loss, nextToken, type Trainer } from "@relpos/core/train";
import type { RunStore } from "../train/run-store.js";
import type { TrainingRequest } from "../train/run-training.js";
import type { DrawnPositions } from "./positions.js";
import type { Problem } from "./problem.js";
import type { CompareSettings } from "./results.js";

export interface TrainRunRequest<T> {
  readonly trainer: Trainer<T>;
  readonly problem: Problem;
  readonly settings: CompareSettings;
  readonly seed: number;
  /** Positions of the batches, for encodings that draw them. */
  readonly drawn: DrawnPositions | undefined;
  /** Identifies settings, encoding, seed and the graph of a step. */
  readonly identity: string;
  readonly store: RunStore;
  readonly stateFile: string;
  readonly saveEvery: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStart: (step: number) => void;
  readonly onStep: (step: number, loss: number) => void;
}

/** One run of a comparison as a training run. A batch depends on seed and step only. */
export function trainingOf<T>(request: TrainRunRequest<T>): TrainingRequest<T> {
  const { trainer, settings, identity, store, stateFile, saveEvery, signal, onStart, onStep } = request;
  return {
    trainer,
    steps: settings.steps,
    batch: (step) => batchOf(request, step),
    identity,
    store,
    stateFile,
    saveEvery,
    signal,
    onStart,
    onStep: ({ step, loss }) => onStep(step, loss),
  };
}

/** The batch of a step, with positions where the encoding draws them. */
function batchOf<T>({ problem, seed, drawn }: TrainRunRequest<T>, step: number): Named<HostTensor> {
  const batch = problem.trainingBatch(seed, step);
  return { ...batch, ...(drawn && { positions: drawn.training(step, batch.tokens) }) };
}

/** The training loss of a problem: mean nats of the tokens that count. */
export function lossOf(problem: Problem, model: Transformer): Loss {
  if (problem.scoresEveryToken) return nextToken(model);
  return (parameters, { tokens, labels, weights, positions }, drop) => {
    const { logits } = model.forward(parameters, { tokens: tokens as Tensor, positions, drop });
    const nats = crossEntropy(logits, labels as Tensor, { reduction: "none" });
    const counts = cast(weights as Tensor, "float32");
    return div(reduceSum(mul(nats, counts)), maximum(reduceSum(counts), 1));
  };
}
