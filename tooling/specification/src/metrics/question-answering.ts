import { normalizeAnswer, scoreAnswer } from "@relpos/lab/metrics";
import { type MetricReader, without } from "./metric-case.js";

interface AnswerCase {
  readonly predicted: string;
  readonly answer: string;
}

/** Exact match, F1 and normal form of answers. */
export const questionAnsweringCases: MetricReader<{ readonly cases: readonly AnswerCase[] }> = ({ cases }) =>
  cases.map((stored) => ({
    name: JSON.stringify([stored.predicted, stored.answer]),
    expected: without(stored, ["predicted", "answer"]),
    actual: () => ({
      ...scoreAnswer(stored.predicted, [stored.answer]),
      normalized: normalizeAnswer(stored.predicted),
    }),
  }));
