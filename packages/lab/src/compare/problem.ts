import type { Rows, WeightedBatch } from "../data/index.js";
import type { DataSettings, ProblemDescription } from "./results.js";

/**
 * What is learned, and how it is measured. Everything is a pure function of its arguments: the same seed and step give
 * the same batch in every run, for every encoding, after any interruption.
 */
export interface Problem {
  readonly data: DataSettings;
  readonly description: ProblemDescription;
  /** Tokens that stand for a digit. */
  readonly digits: readonly number[];
  /** Whether the training loss counts every token; otherwise those with weight 0 are left out. */
  readonly scoresEveryToken: boolean;
  /** Tokens and labels [batch, trainLength]; weights too where not every token counts. */
  trainingBatch(seed: number, step: number): Pick<WeightedBatch, "tokens" | "labels"> & Partial<WeightedBatch>;
  /** The examinations at one length, by the names of their rows; the first one also gives the nats by position. */
  examinations(length: number): readonly Rows[];
}

/** Data as a caller gives it: a text with a name, or a task by name. Default is the embedded stories. */
export type CompareData =
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  | { readonly kind: "stories"; readonly seed?: number; readonly characters?: number }
  | { readonly kind: "task"; readonly task: string };

/** The options that a problem is made for. */
export interface ProblemSizes {
  readonly trainLength: number;
  readonly testLengths: readonly number[];
  readonly batch: number;
  readonly evaluationTokens: number;
  readonly evaluationSequences: number;
  readonly slidingShare: number;
}
