import type { FinishReason } from "@relpos/pipelines";
import type { Piece, Usage } from "./engine.js";

/** How one kind of answer is written, whole and in pieces. */
export interface Form {
  readonly object: string;
  readonly chunk: string;
  readonly idPrefix: string;
  choice(index: number, text: string, finishReason: FinishReason): object;
  /** What stands before an answer's first piece. */
  opening(index: number): object | undefined;
  piece(piece: Piece): object;
}

export const chatForm: Form = {
  object: "chat.completion",
  chunk: "chat.completion.chunk",
  idPrefix: "chatcmpl-",
  choice: (index, content, finish_reason) => {
    return { index, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason };
  },
  opening: (index) => ({ index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }),
  piece: ({ index, text, finishReason }) => {
    return { index, delta: text === "" ? {} : { content: text }, logprobs: null, finish_reason: finishReason };
  },
};

export const completionForm: Form = {
  object: "text_completion",
  chunk: "text_completion",
  idPrefix: "cmpl-",
  choice: (index, text, finish_reason) => ({ index, text, logprobs: null, finish_reason }),
  opening: () => undefined,
  piece: ({ index, text, finishReason }) => ({ index, text, logprobs: null, finish_reason: finishReason }),
};

/** What stands in every object of an answer. */
export interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

const usageOf = ({ promptTokens, cachedTokens, newTokens }: Usage) => ({
  prompt_tokens: promptTokens,
  completion_tokens: newTokens,
  total_tokens: promptTokens + newTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
});

/** Writes whole answers as one object, and hands on what they took. */
export async function wholeAnswer(
  form: Form,
  head: Head,
  pieces: AsyncGenerator<Piece, Usage>,
): Promise<{ readonly body: object; readonly usage: Usage }> {
  const texts: string[] = [];
  const choices: object[] = [];
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) {
    const { index, text, finishReason } = next.value;
    texts[index] = (texts[index] ?? "") + text;
    if (finishReason) choices.push(form.choice(index, texts[index] as string, finishReason));
  }
  const { id, created, model } = head;
  return { body: { id, object: form.object, created, model, choices, usage: usageOf(next.value) }, usage: next.value };
}

/** Writes answers as the objects of a stream, and hands on what they took. */
export async function* streamedAnswer(
  form: Form,
  { id, created, model }: Head,
  pieces: AsyncGenerator<Piece, Usage>,
  includeUsage: boolean,
): AsyncGenerator<object, Usage> {
  const chunk = (choices: readonly object[], usage: object | null = null): object => {
    return { id, object: form.chunk, created, model, choices, ...(includeUsage && { usage }) };
  };
  let opened = -1;
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) {
    const { index } = next.value;
    const opening = index > opened ? form.opening(index) : undefined;
    opened = index;
    if (opening) yield chunk([opening]);
    yield chunk([form.piece(next.value)]);
  }
  if (includeUsage) yield chunk([], usageOf(next.value));
  return next.value;
}
