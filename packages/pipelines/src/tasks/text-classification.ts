import { check } from "@relpos/core";
import { classLogits, classProbabilities } from "./classify.js";
import { labelOf, type OpenedTask, tokensWithin } from "./opened-task.js";
import type { RunOptions } from "./run-model.js";

/** A class with its probability. */
export interface ScoredLabel {
  readonly label: string;
  readonly score: number;
}

export interface TextClassificationOptions extends RunOptions {
  /** How many of the likeliest classes; 0 for all. Default 1. */
  readonly topK?: number;
  /** Default: "sigmoid" where a text may have several labels or the model has only one, else "softmax". */
  readonly functionToApply?: "softmax" | "sigmoid" | "none";
}

/** The classes of each text, the likeliest first. */
export interface TextClassification {
  (text: string, options?: TextClassificationOptions): Promise<readonly ScoredLabel[]>;
  (texts: readonly string[], options?: TextClassificationOptions): Promise<readonly (readonly ScoredLabel[])[]>;
}

export function textClassification({ config, run, pad, longest, tokenizer }: OpenedTask) {
  return async (
    texts: readonly string[],
    { topK = 1, functionToApply, ...options }: TextClassificationOptions = {},
  ) => {
    check(Number.isInteger(topK) && topK >= 0, "pipeline", () => `topK must be whole and not negative, got ${topK}`);
    const rows = texts.map((text) => ({ tokens: tokensWithin(tokenizer, text, longest) }));
    const logits = await classLogits(run, rows, { ...options, pad });
    return logits.map((own): readonly ScoredLabel[] => {
      const several = config.problem_type === "multi_label_classification" || own.length === 1;
      const apply = functionToApply ?? (several ? "sigmoid" : "softmax");
      const scores = apply === "none" ? Array.from(own) : classProbabilities(own, apply === "sigmoid");
      const labels = scores.map((score, index) => ({ label: labelOf(config, index), score }));
      return labels.sort((a, b) => b.score - a.score).slice(0, topK || undefined);
    });
  };
}
