import { randomKey } from "@relpos/core";
import { answerWindows, bestAnswer, type ChatTemplate } from "@relpos/pipelines";
import { describe, expect, test } from "vitest";
import {
  configOf,
  languageModel,
  type ModelSettings,
  makeTokenizer,
  maskWords,
  settingsOfConfig,
  sparkline,
  writtenConversation,
} from "../../src/language/index.js";
import { questions } from "./made-up-data.js";

test("settings come back from config.json", () => {
  const settings: ModelSettings = {
    task: "classify",
    vocabulary: 50,
    layers: 1,
    width: 16,
    heads: 2,
    feedForward: 64,
    length: 24,
    encoding: "t5",
    digits: [3, 4],
    pad: 0,
    labels: ["no", "yes"],
    multiLabel: false,
  };
  expect(settingsOfConfig(JSON.parse(JSON.stringify(configOf(settings))))).toEqual(settings);
  expect(languageModel(settings).parameters["head.output.weight"]?.shape).toEqual([2, 16]);
  expect(() => settingsOfConfig({ model_type: "bert" })).toThrow('model_type must be "relpos", got "bert"');
});

describe("windows of a context", () => {
  test("overlap, and hold the answer in one of them at least", async () => {
    const tokenizer = await makeTokenizer(
      "words",
      questions.map(({ context, question }) => `${context} ${question}`),
      {
        vocabularySize: 100,
      },
    );
    const context = `${"old ".repeat(30)}red ${"old ".repeat(30)}`;
    const record = { context, question: "which colour", answers: [{ text: "red", start: 120 }] };
    const windows = answerWindows(record, 0, tokenizer, { length: 24 });
    expect(windows.every(({ tokens }) => tokens.length <= 24)).toBe(true);
    const holding = windows.filter(({ answer }) => answer.start > 0);
    expect(holding.length).toBeGreaterThan(0);
    for (const window of holding) {
      const { start, end } = bestAnswer(
        window,
        (place) => (place === window.answer.start ? 1 : 0),
        (place) => (place === window.answer.end ? 1 : 0),
      );
      expect(context.slice(start, end)).toBe("red");
    }
    // The first token's scores are those of no answer.
    expect(
      bestAnswer(
        windows[0]!,
        (place) => (place === 0 ? 5 : 0),
        () => 0,
      ),
    ).toMatchObject({ start: 0, end: 0 });
  });
});

test("a chat template says which tokens of a conversation are the assistant's", async () => {
  const tokenizer = await makeTokenizer("characters", ["[]uahi bye!"], { vocabularySize: 50 });
  const write: ChatTemplate = (messages, { complete = false } = {}) =>
    messages.map(({ role, content }) => `[${role[0]}${content}]`).join("") + (complete ? "" : "[a");
  const form = writtenConversation(tokenizer, write);
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", content: "hi!" },
    { role: "user", content: "bye" },
    { role: "assistant", content: "bye!" },
  ];
  const { ids, counts } = form.whole(messages);
  expect(tokenizer.decode(ids)).toBe("[uhi][ahi!][ubye][abye!]");
  expect(tokenizer.decode(ids.filter((_, place) => counts[place] === 1))).toBe("hi!]bye!]");
  expect(tokenizer.decode(form.prompt(messages.slice(0, 1)))).toBe("[uhi][a");
});

test("words are hidden whole, and only they are labels", async () => {
  const tokenizer = await makeTokenizer("characters", ["abcdef"], { vocabularySize: 50 });
  const tokens = tokenizer.encode("abcdefabcdef").ids;
  const words = tokens.map((_, place) => Math.floor(place / 3));
  const masked = maskWords({ tokens, words }, tokenizer, randomKey(3));
  const chosen = [...masked.labels.keys()].filter((place) => masked.labels[place] !== -1);
  expect(chosen.length).toBe(3);
  expect(new Set(chosen.map((place) => words[place])).size).toBe(1);
  for (const place of chosen) expect(masked.labels[place]).toBe(tokens[place]);
  for (const [place, token] of masked.tokens.entries()) if (!chosen.includes(place)) expect(token).toBe(tokens[place]);
});

test("a curve as a line of text goes from the lowest to the highest", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([1, 1], 8)).toBe("▁▁");
  expect(
    sparkline(
      Array.from({ length: 80 }, (_, i) => -i),
      4,
    ),
  ).toBe("█▆▃▁");
});
