import { check } from "@relpos/core";
import type { SpecialRole, Tokenizer } from "@relpos/text";

/** A question with a part of its context: [CLS] question [SEP] part [SEP]. */
export interface AnswerWindow {
  /** Number of the question. */
  readonly question: number;
  readonly tokens: Int32Array;
  /** 0 for the question and what belongs to it, 1 for the part of the context: BERT's kinds of tokens. */
  readonly types: Int32Array;
  /** Where in the tokens the part of the context begins, and how many tokens it has. */
  readonly first: number;
  readonly count: number;
  /** Begin and end in the context of each token of the part, in UTF-16 units, flat. */
  readonly offsets: Int32Array;
  /** First and last token of the answer; 0, the first token, where it is not in the part. */
  readonly answer: { readonly start: number; readonly end: number };
}

/** Where in a context an answer stands. */
export interface AnswerSpan {
  readonly text: string;
  /** In UTF-16 units. */
  readonly start: number;
}

export interface AnswerWindowOptions {
  /** Most tokens of a window. */
  readonly length: number;
  /** Tokens by which windows overlap. Default: half of the part of the context. */
  readonly overlap?: number | undefined;
}

/** Longest answer, in tokens. */
const longestAnswer = 30;

/**
 * A question with its context in windows of at most `length` tokens that overlap by half: the document stride of Devlin et
 * al., arXiv:1810.04805.
 */
export function answerWindows(
  { context, question, answers = [] }: { question: string; context: string; answers?: readonly AnswerSpan[] },
  number: number,
  tokenizer: Tokenizer,
  { length, overlap }: AnswerWindowOptions,
): readonly AnswerWindow[] {
  const [cls, sep] = [specialToken(tokenizer, "cls"), specialToken(tokenizer, "sep")];
  const asked = tokenizer.encode(question).ids.slice(0, Math.floor(length / 3));
  const { ids, offsets } = tokenizer.encode(context);
  check(offsets, "answerWindows", () => "the tokenizer must tell where tokens stand");
  const between = separators(tokenizer).map(() => sep);
  const room = length - asked.length - between.length - 2;
  check(room > 0, "answerWindows", () => `length must leave room for a context beside the question, got ${length}`);
  const stride = Math.max(1, room - (overlap ?? Math.ceil(room / 2)));
  const starts = [0];
  while (starts.at(-1)! + room < ids.length) starts.push(starts.at(-1)! + stride);
  const span = answers[0] && spanOf(answers[0], offsets);
  return starts.map((from) => {
    const part = ids.slice(from, from + room);
    const first = asked.length + between.length + 1;
    const inside = span && span.start >= from && span.end < from + part.length;
    return {
      question: number,
      tokens: Int32Array.of(cls, ...asked, ...between, ...part, sep),
      types: Int32Array.from({ length: first + part.length + 1 }, (_, place) => Number(place >= first)),
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
  {
    longest = longestAnswer,
    allowsNone = true,
  }: { readonly longest?: number | undefined; readonly allowsNone?: boolean } = {},
): { readonly start: number; readonly end: number; readonly score: number } {
  let best = { start: 0, end: 0, score: allowsNone ? start(0) + end(0) : Number.NEGATIVE_INFINITY };
  for (let from = 0; from < count; from++) {
    for (let to = from; to < Math.min(count, from + longest); to++) {
      const score = start(first + from) + end(first + to);
      if (score > best.score) best = { start: offsets[2 * from]!, end: offsets[2 * to + 1]!, score };
    }
  }
  return best;
}

/** First and last token that an answer touches; undefined where it touches none. */
function spanOf({ text, start }: AnswerSpan, offsets: Int32Array) {
  const end = start + text.length;
  const touched = Array.from({ length: offsets.length / 2 }, (_, token) => token).filter(
    (token) => offsets[2 * token]! < end && offsets[2 * token + 1]! > start,
  );
  return touched.length === 0 ? undefined : { start: touched[0]!, end: touched.at(-1)! };
}

/** How many separators stand between question and context: two in RoBERTa's form. */
function separators(tokenizer: Tokenizer): readonly number[] {
  const { post_processor: form } = tokenizer.toJSON() as {
    readonly post_processor?: { readonly type?: string } | null;
  };
  return form?.type === "RobertaProcessing" ? [0, 1] : [0];
}

/** The id of a special token. Errors where the tokenizer has none. */
export function specialToken({ vocabulary }: Pick<Tokenizer, "vocabulary">, role: SpecialRole): number {
  const id = vocabulary.special[role];
  check(id !== undefined, "tokenizer", () => {
    return `the tokenizer must have a ${role} token: name it in tokenizer_config.json`;
  });
  return id;
}
