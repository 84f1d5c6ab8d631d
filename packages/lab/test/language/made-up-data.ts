import type { ChatRecord, LabeledRecord, ParallelRecord, QuestionRecord, TextRecord } from "@relpos/text";
import type { languageTasks, TrainOptions } from "../../src/language/index.js";

/** The place of a record. */
export const at = (line: number) => ({ file: "made-up", line });
export const colours = ["red", "blue", "green"];
const things = ["cat", "dog"];
export const pairs = colours.flatMap((colour) => things.map((thing) => ({ colour, thing })));

export const labelled: readonly LabeledRecord[] = pairs.map(({ colour, thing }, line) => ({
  ...at(line),
  text: `the ${thing} is ${colour} today`,
  labels: [colour],
}));
export const texts: readonly TextRecord[] = [
  { ...at(1), text: "the cat sat on the mat. a dog ran to the cat. ".repeat(12) },
];
const lines: readonly TextRecord[] = labelled.map(({ text }, line) => ({ ...at(line), text }));
export const questions: readonly QuestionRecord[] = pairs.map(({ colour, thing }, line) => {
  const context = `here stands a ${thing} that is ${colour} and old`;
  return {
    ...at(line),
    id: String(line),
    title: "",
    context,
    question: "which colour",
    answers: [{ text: colour, start: context.indexOf(colour) }],
  };
});
const parallel: readonly ParallelRecord[] = pairs.map(({ colour, thing }, line) => ({
  ...at(line),
  source: `${colour} ${thing}`,
  target: `${thing} ${colour}`.toUpperCase(),
}));
const chats: readonly ChatRecord[] = pairs.map(({ colour, thing }, line) => ({
  ...at(line),
  messages: [
    { role: "user", content: `a ${colour} ${thing}?` },
    { role: "assistant", content: `yes, ${colour}` },
  ],
}));

interface Learned {
  readonly records: readonly object[];
  readonly options: TrainOptions;
  /** What the measures reach on the data that was learned. */
  readonly measure: string;
  readonly reached: (value: number) => boolean;
}

export const learned: Readonly<Record<keyof typeof languageTasks, Learned>> = {
  lm: { records: texts, options: { steps: 60 }, measure: "nats", reached: (nats) => nats < 0.6 },
  classify: { records: labelled, options: { steps: 40 }, measure: "accuracy", reached: (share) => share === 1 },
  qa: {
    records: questions,
    options: { steps: 60, tokenizer: "words" },
    measure: "exactMatch",
    reached: (share) => share > 0.9,
  },
  translate: {
    records: parallel,
    options: { steps: 160, tokenizer: "words", labelSmoothing: 0, batch: 12, learningRate: 0.005, evaluateEvery: 160 },
    measure: "chrf",
    reached: (score) => score > 90,
  },
  dialogue: {
    records: chats,
    options: { steps: 100, tokenizer: "words", width: 32, batch: 12, learningRate: 0.01, evaluateEvery: 50 },
    measure: "reproduced",
    reached: (share) => share > 0.9,
  },
  mlm: {
    records: lines,
    options: { steps: 60, tokenizer: "words" },
    measure: "nats",
    reached: (nats) => nats < 2,
  },
};
