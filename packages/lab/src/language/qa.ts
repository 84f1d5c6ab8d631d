import { crossEntropy, type HostTensor, mul, type Tensor, tensor, toNumbers } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { QuestionRecord, Tokenizer } from "@relpos/text";
import { require } from "../compare/errors.js";
import { type AnswerStyle, scoreAnswer } from "../metrics/index.js";
import { type AnswerWindow, answerWindows, bestAnswer } from "./answer-windows.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { createTokenRunner } from "./runner.js";
import { commonSettings, examinationBatches, exampleTraining, int32, padded, specialToken } from "./sequences.js";

type Records = readonly QuestionRecord[];

const styles: Readonly<Record<"en" | "zh", AnswerStyle>> = { en: "squad", zh: "chinese" };

/** Extractive question answering: where in a context the answer begins and ends. */
export const qa: LanguageTask<Records> = {
  name: "qa",
  summary: "where in a context the answer to a question stands",
  headline: "f1",
  texts: (records) => [...new Set(records.map(({ context }) => context)), ...records.map(({ question }) => question)],
  settings(records, tokenizer, sizes) {
    for (const role of ["cls", "sep", "pad"] as const) specialToken(tokenizer, role);
    requireOffsets(tokenizer);
    for (const { context, answers, id, file, line } of records) {
      const wrong = answers.find(({ text, start }) => context.slice(start, start + text.length) !== text);
      require(!wrong, () =>
        `the answer "${wrong!.text}" to ${id} does not stand at ${wrong!.start} of its context (${file}, line ${line})`, () =>
        "mend the offset, or leave such questions out with --on-error skip");
    }
    return commonSettings("qa", tokenizer, sizes);
  },
  training(context, options) {
    const { model } = context;
    const windows = windowsOf(context);
    return exampleTraining(
      {
        model,
        sizes: windows.map(({ tokens }) => tokens.length),
        types: (batch, length) => ({ tokens: int32(batch, length), start: int32(batch), end: int32(batch) }),
        rows: (rows, length) => {
          const own = rows.map((row) => windows[row]!);
          const places = (pick: (window: AnswerWindow) => number) => tensor(own.map(pick), [own.length], "int32");
          return {
            tokens: padded(
              own.map(({ tokens }) => tokens),
              length,
              model.settings.pad,
            ),
            start: places(({ answer }) => answer.start),
            end: places(({ answer }) => answer.end),
          };
        },
        loss: (weights, batch, drop) => {
          const { start, end } = model.apply(weights, batch, drop) as { start: Tensor; end: Tensor };
          const { labelSmoothing } = options;
          const side = (scores: Tensor, place: Tensor): Tensor => crossEntropy(scores, place, { labelSmoothing });
          return mul(side(start, batch.start as Tensor).add(side(end, batch.end as Tensor)), 0.5);
        },
      },
      { ...options, batch: Math.min(options.batch, windows.length) },
    );
  },
  examiner(backend, context) {
    const { records, options } = context;
    const answerer = createAnswerer(backend, context);
    return {
      async examine(parameters, { signal, onProgress } = {}) {
        const predictions = await answerer.answer(parameters, records, { signal, onProgress });
        const style = styles[options.language ?? "en"];
        const scores = records.map(({ answers }, index) =>
          scoreAnswer(
            predictions[index]!.text,
            answers.map(({ text }) => text),
            style,
          ),
        );
        const mean = (pick: "exact" | "f1"): number =>
          scores.reduce((sum, score) => sum + score[pick], 0) / scores.length;
        return {
          score: mean("f1"),
          measures: { exactMatch: mean("exact"), f1: mean("f1") },
          examples: records.slice(0, 5).map(({ question, answers }, index) => ({
            input: question,
            expected: answers[0]?.text ?? "",
            predicted: predictions[index]!.text,
          })),
          predictions: predictions.map(({ text }) => text),
        };
      },
      close: answerer.close,
    };
  },
};

/** An answer as it stands in its context; empty where the context has none. */
export interface FoundAnswer {
  readonly text: string;
  /** In UTF-16 units. */
  readonly start: number;
  /** Score of the span; for no answer, that of the first token. */
  readonly score: number;
}

/** Answers questions with a model. A question without an answer is recognised where the model has learned such ones. */
export function createAnswerer<T>(
  backend: Backend<T>,
  { model, tokenizer }: Pick<TaskContext<unknown>, "model" | "tokenizer">,
) {
  const drawn = model.positions(0);
  const runner = createTokenRunner(backend, model);
  return {
    close: runner.close,
    async answer(
      parameters: Parameters<typeof runner.run>[0],
      questions: readonly Pick<QuestionRecord, "context" | "question" | "answers">[],
      {
        signal,
        onProgress,
      }: { signal?: AbortSignal | undefined; onProgress?: ((share: number) => void) | undefined } = {},
    ): Promise<readonly FoundAnswer[]> {
      const windows = questions.flatMap((record, index) => answerWindows(record, index, tokenizer, model.settings));
      const best: (FoundAnswer | undefined)[] = [];
      let done = 0;
      for (const rows of examinationBatches(
        windows.map(({ tokens }) => tokens.length),
        4096,
      )) {
        signal?.throwIfAborted();
        const own = rows.map((row) => windows[row]!);
        const length = Math.max(...own.map(({ tokens }) => tokens.length));
        const tokens = padded(
          own.map((window) => window.tokens),
          length,
          model.settings.pad,
        );
        const positions = drawn?.examination("examination", done, tokens);
        const result = await runner.run(parameters, { tokens, ...(positions && { positions }) }, signal);
        const [start, end] = [toNumbers(result.start as HostTensor), toNumbers(result.end as HostTensor)];
        own.forEach((window, row) => {
          const scores = (values: ArrayLike<number>, place: number): number => values[row * length + place]!;
          const found = bestAnswer(
            window,
            (place) => scores(start, place),
            (place) => scores(end, place),
          );
          const context = questions[window.question]!.context;
          const before = best[window.question];
          if (before && before.score >= found.score) return;
          best[window.question] = { ...found, text: context.slice(found.start, found.end) };
        });
        done += rows.length;
        onProgress?.(done / windows.length);
      }
      return questions.map((_, index) => best[index] ?? { text: "", start: 0, score: Number.NEGATIVE_INFINITY });
    },
  };
}

function windowsOf({ records, tokenizer, model }: TaskContext<Records>): readonly AnswerWindow[] {
  return records.flatMap((record, index) => answerWindows(record, index, tokenizer, model.settings));
}

function requireOffsets(tokenizer: Tokenizer): void {
  require(tokenizer.encode("a").offsets !== undefined, () => "the tokenizer does not tell where tokens stand", () =>
    "answers are found by offsets: choose --tokenizer words, characters, bytes, bpe or wordpiece");
}
