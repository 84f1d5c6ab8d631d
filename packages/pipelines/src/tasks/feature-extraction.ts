import { type HostTensor, tensor } from "@relpos/core";
import { type OpenedTask, tokensWithin } from "./opened-task.js";
import { overRows, type RunOptions, rowOf } from "./run-model.js";

export interface FeatureExtractionOptions extends RunOptions {
  /** The first token's vector, the mean of all, or those of all. Default "none": all, [S, width]. */
  readonly pooling?: "none" | "mean" | "cls";
  /** Whether pooled vectors have length 1. Default `false`. */
  readonly normalize?: boolean;
}

/** The hidden states of each text: [S, width], or [width] where they are pooled. */
export interface FeatureExtraction {
  (text: string, options?: FeatureExtractionOptions): Promise<HostTensor>;
  (texts: readonly string[], options?: FeatureExtractionOptions): Promise<readonly HostTensor[]>;
}

export function featureExtraction({ run, pad, longest, tokenizer }: OpenedTask) {
  return async (
    texts: readonly string[],
    { pooling = "none", normalize = false, ...options }: FeatureExtractionOptions = {},
  ): Promise<readonly HostTensor[]> => {
    const rows = texts.map((text) => ({ tokens: tokensWithin(tokenizer, text, longest) }));
    const results: HostTensor[] = [];
    await overRows(run, rows, { ...options, pad, wanted: ["last_hidden_state"] }, (row, outputs, index) => {
      const states = outputs.last_hidden_state!;
      const width = states.shape[2]!;
      const length = rows[row]!.tokens.length;
      const own = rowOf(states, index).subarray(0, length * width);
      if (pooling === "none") {
        results[row] = tensor(own.slice(), [length, width]);
        return;
      }
      const pooled = pooling === "cls" ? own.slice(0, width) : meanOf(own, width);
      const size = normalize ? Math.sqrt(pooled.reduce((sum, value) => sum + value * value, 0)) : 1;
      results[row] = tensor(
        pooled.map((value) => value / size),
        [width],
      );
    });
    return results;
  };
}

/** The mean of vectors, flat. */
function meanOf(vectors: Float32Array, width: number): Float32Array {
  const count = vectors.length / width;
  const sums = new Float64Array(width);
  for (const [index, value] of vectors.entries()) sums[index % width]! += value;
  return Float32Array.from(sums, (sum) => sum / count);
}
