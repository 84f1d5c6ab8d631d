import { overRows, type RunModel, type RunOptions, rowOf, type TokenRow } from "./run-model.js";
import { softmaxOf } from "./softmax.js";

/** Scores of classes [labels] of rows of tokens, in their order. */
export async function classLogits(
  run: RunModel,
  rows: readonly TokenRow[],
  options: RunOptions & { readonly pad: number },
): Promise<readonly Float32Array[]> {
  const logits: Float32Array[] = [];
  await overRows(run, rows, { ...options, wanted: ["logits"] }, (row, outputs, index) => {
    logits[row] = rowOf(outputs.logits!, index);
  });
  return logits;
}

/** Probabilities of classes from their scores: of one another, or each by itself where a text may have several. */
export function classProbabilities(logits: ArrayLike<number>, multiLabel: boolean): readonly number[] {
  return multiLabel ? Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit))) : softmaxOf(logits);
}
