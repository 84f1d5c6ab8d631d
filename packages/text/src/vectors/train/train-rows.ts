import type { HostTensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { type RowsOf, type RowTrainerOptions, rowTrainer } from "./row-trainer.js";
import type { VectorTrainingOptions } from "./training-events.js";

/** What a step is given: rows of tables, further tensors, and how many pairs they are. */
export interface StepInputs {
  readonly rows: readonly RowsOf[];
  readonly others: readonly HostTensor[];
  readonly pairs: number;
}

/** The steps of a training of vectors. */
export interface RowSteps {
  readonly epochs: number;
  /** How many there are, nearly. */
  readonly steps: number;
  /** The steps of an epoch, of which the first has the number `first`. */
  inputs(epoch: number, first: number): Iterable<StepInputs>;
}

/** Takes the steps one after another, and tells the mean loss of a pair after each. An abort ends it between two. */
export async function trainRows<T>(
  backend: Backend<T>,
  program: RowTrainerOptions,
  { epochs, steps, inputs }: RowSteps,
  { onStep, signal }: Pick<VectorTrainingOptions, "onStep"> & { readonly signal?: AbortSignal },
): Promise<void> {
  const trainer = await rowTrainer(backend, program);
  try {
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const { rows, others, pairs } of inputs(epoch, step)) {
        signal?.throwIfAborted();
        const loss = await trainer.step(rows, others);
        onStep?.({ step: ++step, steps: Math.max(step, steps), loss: loss / pairs });
      }
    }
  } finally {
    await trainer.close();
  }
}
