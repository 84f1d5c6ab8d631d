import type { Tokenizer } from "@relpos/text";
import { type AnswerWindow, answerWindows, bestAnswer } from "./answer-windows.js";
import { overRows, type RunModel, type RunOptions, rowOf } from "./run-model.js";

/** A question about a context. */
export interface Question {
  readonly question: string;
  readonly context: string;
}

/** An answer as it stands in its context; empty where the context has none. */
export interface FoundAnswer {
  readonly text: string;
  /** In UTF-16 units. */
  readonly start: number;
  /** Score of the span, the sum of two logits; for no answer, that of the first token. */
  readonly score: number;
  /** That of its begin times that of its end, among the tokens of its part of the context and the first. */
  readonly probability: number;
}

export interface AnswerOptions extends RunOptions {
  /** Most tokens of a question with a part of its context. */
  readonly length: number;
  readonly pad: number;
  /** Whether the model tells questions from contexts by kinds of tokens. Default `false`. */
  readonly tokenTypes?: boolean;
  /** Longest answer, in tokens. Default 30. */
  readonly longest?: number | undefined;
  /** Tokens by which parts of a long context overlap. Default: half of a part. */
  readonly overlap?: number | undefined;
  /** Whether a question may have no answer: then none is found where that scores highest. Default `true`. */
  readonly allowsNone?: boolean;
}

/**
 * Where the answers to questions stand, by a model with scores of begins and ends. A question without an answer is recognised
 * where the model has learned such ones.
 */
export async function answerQuestions(
  run: RunModel,
  tokenizer: Tokenizer,
  questions: readonly Question[],
  { length, overlap, longest, tokenTypes = false, allowsNone = true, ...options }: AnswerOptions,
): Promise<readonly FoundAnswer[]> {
  const windows = questions.flatMap((question, index) =>
    answerWindows(question, index, tokenizer, { length, overlap }),
  );
  const best: (FoundAnswer | undefined)[] = [];
  const rows = windows.map(({ tokens, types }) => ({ tokens, ...(tokenTypes && { types }) }));
  await overRows(run, rows, { ...options, wanted: ["start_logits", "end_logits"] }, (row, outputs, index) => {
    const window = windows[row]!;
    const [start, end] = [rowOf(outputs.start_logits!, index), rowOf(outputs.end_logits!, index)];
    const found = bestAnswer(
      window,
      (place) => start[place]!,
      (place) => end[place]!,
      { longest, allowsNone },
    );
    const before = best[window.question];
    // A window without the answer says so with confidence: that there is none holds only where every window says it.
    const [isAnswer, wasAnswer] = [found.end > found.start, before !== undefined && before.text !== ""];
    if (before && (isAnswer === wasAnswer ? before.score >= found.score : wasAnswer)) return;
    const text = questions[window.question]!.context.slice(found.start, found.end);
    const probability = Math.exp(found.score - logSum(window, start) - logSum(window, end));
    best[window.question] = { text, start: found.start, score: found.score, probability };
  });
  return questions.map((_, index) => best[index] as FoundAnswer);
}

/** log Σ exp of the scores of a window's first token and its part of the context. */
function logSum({ first, count }: AnswerWindow, scores: Float32Array): number {
  const own = [scores[0]!, ...scores.subarray(first, first + count)];
  const largest = Math.max(...own);
  return largest + Math.log(own.reduce((sum, score) => sum + Math.exp(score - largest), 0));
}
