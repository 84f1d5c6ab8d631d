import {
  cast,
  crossEntropy,
  div,
  type HostTensor,
  maximum,
  mul,
  NonFiniteLossError,
  reduceSum,
  type Tensor,
} from "@relpos/core";
import type { Named, Transformer } from "@relpos/core/nn";
import { type Loss, nextToken, type Trainer } from "@relpos/core/train";
import type { DrawnPositions } from "./positions.js";
import type { Problem } from "./problem.js";
import type { CompareSettings } from "./results.js";
import type { RunStore } from "./run-store.js";
import { decodeState, encodeState, type RunProgress } from "./state-file.js";

export interface TrainRunRequest<T> {
  readonly trainer: Trainer<T>;
  readonly problem: Problem;
  readonly settings: CompareSettings;
  readonly seed: number;
  /** Positions of the batches, for encodings that draw them. */
  readonly drawn: DrawnPositions | undefined;
  /** Identifies settings, encoding, seed and the graph of a step: a state of anything else is not gone on from. */
  readonly identity: string;
  readonly store: RunStore;
  readonly stateFile: string;
  /** Milliseconds between writes of the state. */
  readonly saveEvery: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStart: (step: number) => void;
  readonly onStep: (step: number, loss: number) => void;
}

/** How training ended: with every loss, or at the step whose loss was no number. */
export type Training = Pick<RunProgress, "losses" | "milliseconds"> & {
  readonly failure?: { readonly step: number; readonly reason: string };
};

/**
 * Trains from the stored state, or from the start. A batch depends on seed and step only, so a run that was interrupted
 * any number of times passes through the same weights as one that was not.
 */
export async function trainRun<T>(request: TrainRunRequest<T>): Promise<Training> {
  const { trainer, settings, signal, onStep } = request;
  const { losses, milliseconds } = await resume(request);
  request.onStart(losses.length);
  let saved = performance.now();
  for (let step = losses.length; step < settings.steps; step++) {
    if (signal?.aborted) {
      await save(request, { losses, milliseconds });
      signal.throwIfAborted();
    }
    const start = performance.now();
    try {
      const { loss } = await trainer.train(batchOf(request, step));
      losses.push(loss);
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) throw error;
      return {
        losses,
        milliseconds,
        failure: { step: step + 1, reason: "its loss is no longer a number; try a lower learning rate" },
      };
    }
    milliseconds.push(performance.now() - start);
    onStep(step + 1, losses.at(-1)!);
    if (performance.now() - saved > request.saveEvery) {
      await save(request, { losses, milliseconds });
      saved = performance.now();
    }
  }
  return { losses, milliseconds };
}

/** The batch of a step, with positions where the encoding draws them. */
function batchOf<T>({ problem, seed, drawn }: TrainRunRequest<T>, step: number): Named<HostTensor> {
  const batch = problem.trainingBatch(seed, step);
  return { ...batch, ...(drawn && { positions: drawn.training(step, batch.tokens) }) };
}

/** Writes what the run would go on from. */
export async function save<T>(request: TrainRunRequest<T>, { losses, milliseconds }: Training): Promise<void> {
  const { trainer, store, stateFile, identity } = request;
  const tensors = await trainer.state();
  await store.write(stateFile, encodeState({ progress: { run: identity, losses, milliseconds }, tensors }));
}

/** Puts the trainer into the stored state, where there is one of this run, and returns what was recorded until then. */
async function resume<T>({ trainer, store, stateFile, identity }: TrainRunRequest<T>) {
  const bytes = await store.read(stateFile);
  const state = bytes && decodeState(bytes);
  if (!state || state.progress.run !== identity) return { losses: [], milliseconds: [] };
  await trainer.restore(state.tensors);
  return { losses: [...state.progress.losses], milliseconds: [...state.progress.milliseconds] };
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
