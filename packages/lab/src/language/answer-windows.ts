import { check } from "@relpos/core";
import type { QuestionRecord, Tokenizer } from "@relpos/text";
import type { ModelSettings } from "./model-settings.js";
import { specialToken } from "./sequences.js";

/** A question with a part of its context: [CLS] question [SEP] part [SEP]. */
export interface AnswerWindow {
  /** Number of the question. */
  readonly question: number;
  readonly tokens: Int32Array;
  /** Where in the tokens the part of the context begins, and how many tokens it has. */
  readonly first: number;
  readonly count: number;
  /** Begin and end in the context of each token of the part, in UTF-16 units, flat. */
  readonly offsets: Int32Array;
  /** First and last token of the answer; 0, the first token, where it is not in the part. */
  readonly answer: { readonly start: number; readonly end: number };
}

/** Longest answer, in tokens. */
const longestAnswer = 30;

/**
 * A question with its context in windows of at most `length` tokens that overlap by half: the document stride of Devlin et
 * al., arXiv:1810.04805.
 */
export function answerWindows(
  { context, question, answers }: Pick<QuestionRecord, "context" | "question" | "answers">,
  number: number,
  tokenizer: Tokenizer,
  { length }: Pick<ModelSettings, "length">,
): readonly AnswerWindow[] {
  const [cls, sep] = [specialToken(tokenizer, "cls"), specialToken(tokenizer, "sep")];
  const asked = tokenizer.encode(question).ids.slice(0, Math.floor(length / 3));
  const { ids, offsets } = tokenizer.encode(context);
  check(offsets, "answerWindows", () => "the tokenizer must tell where tokens stand");
  const room = length - asked.length - 3;
  const stride = Math.max(1, Math.floor(room / 2));
  const starts = [0];
  while (starts.at(-1)! + room < ids.length) starts.push(starts.at(-1)! + stride);
  const span = answers[0] && spanOf(answers[0], offsets);
  return starts.map((from) => {
    const part = ids.slice(from, from + room);
    const first = asked.length + 2;
    const inside = span && span.start >= from && span.end < from + part.length;
    return {
      question: number,
      tokens: Int32Array.of(cls, ...asked, sep, ...part, sep),
      first,
      count: part.length,
      offsets: offsets.slice(2 * from, 2 * (from + part.length)),
      answer: inside ? { start: first + span.start - from, end: first + span.end - from } : { start: 0, end: 0 },
    };
  });
}

/** The best span of a window, or that it has none: the first token's scores are those of no answer. */
export function bestAnswer(
  { first, count, offsets }: AnswerWindow,
  start: (place: number) => number,
  end: (place: number) => number,
): { readonly start: number; readonly end: number; readonly score: number } {
  let best = { start: 0, end: 0, score: start(0) + end(0) };
  for (let from = 0; from < count; from++) {
    for (let to = from; to < Math.min(count, from + longestAnswer); to++) {
      const score = start(first + from) + end(first + to);
      if (score > best.score) best = { start: offsets[2 * from]!, end: offsets[2 * to + 1]!, score };
    }
  }
  return best;
}

/** First and last token that an answer touches; undefined where it touches none. */
function spanOf({ text, start }: QuestionRecord["answers"][number], offsets: Int32Array) {
  const end = start + text.length;
  const touched = Array.from({ length: offsets.length / 2 }, (_, token) => token).filter(
    (token) => offsets[2 * token]! < end && offsets[2 * token + 1]! > start,
  );
  return touched.length === 0 ? undefined : { start: touched[0]!, end: touched.at(-1)! };
}
