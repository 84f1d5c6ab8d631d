import { createModelRunner } from "@relpos/checkpoints";
import { crossEntropy, mul, type Tensor, tensor } from "@relpos/core";
import { type AnswerWindow, answerQuestions, answerWindows, hasTokenTypes, padded, runWith } from "@relpos/pipelines";
import type { QuestionRecord, Tokenizer } from "@relpos/text";
import { require } from "../compare/errors.js";
import { type AnswerStyle, scoreAnswer } from "../metrics/index.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { commonSettings, exampleTraining, int32, specialToken } from "./sequences.js";

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
    const { model, tokenizer } = context;
    const { length, pad } = model.settings;
    const runner = createModelRunner(model.model, backend);
    return {
      async examine(parameters, { signal, onProgress } = {}) {
        const tokenTypes = hasTokenTypes(model.model);
        const settings = { length, pad, longest: options.answerLength, tokenTypes, signal, onProgress };
        const predictions = await answerQuestions(runWith(runner, parameters), tokenizer, records, settings);
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
      close: runner.close,
    };
  },
};

function windowsOf({ records, tokenizer, model }: TaskContext<Records>): readonly AnswerWindow[] {
  return records.flatMap((record, index) => answerWindows(record, index, tokenizer, model.settings));
}

function requireOffsets(tokenizer: Tokenizer): void {
  require(tokenizer.encode("a").offsets !== undefined, () => "the tokenizer does not tell where tokens stand", () =>
    "answers are found by offsets: choose --tokenizer words, characters, bytes, bpe or wordpiece");
}
