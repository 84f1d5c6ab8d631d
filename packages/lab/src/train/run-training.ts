import { type HostTensor, NonFiniteLossError } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import type { Trainer } from "@relpos/core/train";
import type { RunStore } from "./run-store.js";
import { decodeState, type Evaluation, encodeState, type RunProgress } from "./state-file.js";

/** A training run: what is trained on what, and where its state is kept. */
export interface TrainingRequest<T> {
  readonly trainer: Trainer<T>;
  readonly steps: number;
  /** The batch of a step, counted from 0: the same whenever it is asked for. */
  batch(step: number): Named<HostTensor> | Promise<Named<HostTensor>>;
  /** Identifies everything that the numbers depend on: a state of anything else is not gone on from. */
  readonly identity: string;
  readonly store: RunStore;
  readonly stateFile: string;
  /** Milliseconds between writes of the state. */
  readonly saveEvery: number;
  /** Measures on the way, keeps the best weights and stops early. Default: nothing is measured. */
  readonly evaluation?: EvaluationPlan<T>;
  readonly signal?: AbortSignal | undefined;
  /** The memory that the process takes, to be recorded after each step. */
  residentBytes?(): number;
  /** Told the step that training begins with: above 0 when it goes on from a state. */
  onStart?(step: number): void;
  onStep?(result: { readonly step: number; readonly loss: number; readonly gradientNorm: number }): void;
  onEvaluation?(evaluation: Evaluation, best: boolean): void;
  /** Told after each write of the state what it holds. */
  onSave?(progress: RunProgress): Promise<void>;
}

export interface EvaluationPlan<T> {
  /** Steps between evaluations; one more follows the last step. */
  readonly every: number;
  /** Evaluations without a better score after which training stops. Default: it does not. */
  readonly patience?: number | undefined;
  /** Where the weights with the best score are kept. */
  readonly bestFile: string;
  /** Measures the parameters, whose handles are good until the next step. */
  measure(parameters: Named<T>): Promise<Pick<Evaluation, "score" | "measures">>;
}

/** How training ended: with every loss, or at the step whose loss was no number. */
export type Training = Pick<RunProgress, "losses" | "milliseconds" | "residentBytes"> & {
  readonly evaluations: readonly Evaluation[];
  readonly failure?: { readonly step: number; readonly error: NonFiniteLossError };
};

/** What training goes on from, growing. */
interface Recorded {
  readonly losses: number[];
  readonly milliseconds: number[];
  readonly residentBytes: number[];
  readonly evaluations: Evaluation[];
}

/**
 * Trains from the stored state, or from the start. A batch depends on its step only, so a run that was interrupted any
 * number of times, in whatever way, passes through the same weights as one that was not.
 *
 * A state is written as a whole, and after the evaluation of its step; the best weights are written before the state that
 * knows of them. An abort writes the state, and throws.
 */
export async function runTraining<T>(request: TrainingRequest<T>): Promise<Training> {
  const { trainer, steps, signal } = request;
  const recorded = await resume(request);
  request.onStart?.(recorded.losses.length);
  let saved = performance.now();
  while (recorded.losses.length < steps && !isStale(recorded.evaluations, request.evaluation?.patience)) {
    if (signal?.aborted) {
      await saveTraining(request, recorded);
      signal.throwIfAborted();
    }
    const start = performance.now();
    try {
      const result = await trainer.train(await request.batch(recorded.losses.length));
      recorded.losses.push(result.loss);
      recorded.milliseconds.push(performance.now() - start);
      if (request.residentBytes) recorded.residentBytes.push(request.residentBytes());
      request.onStep?.(result);
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) throw error;
      return { ...recorded, failure: { step: recorded.losses.length + 1, error } };
    }
    await evaluate(request, recorded);
    if (performance.now() - saved > request.saveEvery) {
      await saveTraining(request, recorded);
      saved = performance.now();
    }
  }
  return recorded;
}

/** Writes what the run would go on from. */
export async function saveTraining<T>(request: TrainingRequest<T>, training: Training): Promise<void> {
  const { trainer, store, stateFile, identity } = request;
  const progress = { run: identity, ...training };
  await store.write(stateFile, encodeState({ progress, tensors: await trainer.state() }));
  await request.onSave?.(progress);
}

/** The weights with the best score, where something was measured; else those at the end. */
export async function bestWeights<T>(
  { trainer, evaluation, store }: TrainingRequest<T>,
  { evaluations }: Training,
): Promise<Named<HostTensor>> {
  const bytes = evaluation && evaluations.length > 0 ? await store.read(evaluation.bestFile) : undefined;
  return (bytes && decodeState(bytes)?.tensors) ?? trainer.downloadParameters();
}

/** The evaluation with the best score, the first of several. One that is no number is worse than all others. */
export function bestEvaluation(evaluations: readonly Evaluation[]): Evaluation | undefined {
  const value = ({ score }: Evaluation): number => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);
  return evaluations.reduce<Evaluation | undefined>(
    (best, own) => (best && value(best) >= value(own) ? best : own),
    undefined,
  );
}

/** Measures where a measurement is due, and keeps the weights where they are the best so far. */
async function evaluate<T>(request: TrainingRequest<T>, { losses, evaluations }: Recorded): Promise<void> {
  const { trainer, evaluation, identity, steps } = request;
  const step = losses.length;
  if (!evaluation || (step % evaluation.every !== 0 && step !== steps)) return;
  const measured = { step, ...(await evaluation.measure(trainer.parameters)) };
  const best = bestEvaluation([...evaluations, measured]) === measured;
  if (best) {
    const progress = { run: identity, losses: [], milliseconds: [] };
    const tensors = await trainer.downloadParameters();
    await request.store.write(evaluation.bestFile, encodeState({ progress, tensors }));
  }
  evaluations.push(measured);
  request.onEvaluation?.(measured, best);
}

/** Whether the best score is so many evaluations old. */
function isStale(evaluations: readonly Evaluation[], patience = Number.POSITIVE_INFINITY): boolean {
  const best = bestEvaluation(evaluations);
  return best !== undefined && evaluations.length - 1 - evaluations.indexOf(best) >= patience;
}

/** Puts the trainer into the stored state, where there is one of this run, and returns what was recorded until then. */
async function resume<T>({ trainer, store, stateFile, identity }: TrainingRequest<T>): Promise<Recorded> {
  const bytes = await store.read(stateFile);
  const state = bytes && decodeState(bytes);
  if (!state || state.progress.run !== identity)
    return { losses: [], milliseconds: [], residentBytes: [], evaluations: [] };
  await trainer.restore(state.tensors);
  const { losses, milliseconds, residentBytes = [], evaluations = [] } = state.progress;
  return {
    losses: [...losses],
    milliseconds: [...milliseconds],
    residentBytes: [...residentBytes],
    evaluations: [...evaluations],
  };
}
