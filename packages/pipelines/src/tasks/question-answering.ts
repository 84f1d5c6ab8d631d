import { answerQuestions, type Question } from "./answer.js";
import type { OpenedTask } from "./opened-task.js";
import { hasTokenTypes, type RunOptions } from "./run-model.js";

/** An answer as it stands in its context. */
export interface Answer {
  /** Empty where the question has no answer. */
  readonly answer: string;
  /** Probability of its begin times that of its end. */
  readonly score: number;
  /** In UTF-16 units of the context. */
  readonly start: number;
  readonly end: number;
}

export interface QuestionAnsweringOptions extends RunOptions {
  /** Longest answer, in tokens. Default 15. */
  readonly maxAnswerLen?: number;
  /** Most tokens of a question with a part of its context. Default 384, or as far as the model sees. */
  readonly maxSeqLen?: number;
  /** Tokens by which the parts of a long context overlap. Default 128, or half of `maxSeqLen`. */
  readonly docStride?: number;
  /** Whether a question may have no answer. Default `false`. */
  readonly handleImpossibleAnswer?: boolean;
}

/** Where the answer to each question stands. */
export interface QuestionAnswering {
  (question: Question, options?: QuestionAnsweringOptions): Promise<Answer>;
  (questions: readonly Question[], options?: QuestionAnsweringOptions): Promise<readonly Answer[]>;
}

export function questionAnswering({ model, run, pad, longest, tokenizer }: OpenedTask) {
  return async (questions: readonly Question[], options: QuestionAnsweringOptions = {}): Promise<readonly Answer[]> => {
    const {
      maxAnswerLen = 15,
      maxSeqLen = 384,
      docStride,
      handleImpossibleAnswer = false,
      signal,
      onProgress,
    } = options;
    const length = Math.min(maxSeqLen, longest);
    const found = await answerQuestions(run, tokenizer, questions, {
      length,
      pad,
      tokenTypes: hasTokenTypes(model),
      longest: maxAnswerLen,
      overlap: docStride ?? Math.min(128, Math.floor(length / 2)),
      allowsNone: handleImpossibleAnswer,
      signal,
      onProgress,
    });
    return found.map(({ text, start, probability }) => {
      return { answer: text, score: probability, start, end: start + text.length };
    });
  };
}
