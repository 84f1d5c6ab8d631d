import { beforeAll, describe, expect, test } from "vitest";
import {
  examineWeights,
  loadModel,
  renderTrainReport,
  scoreTable,
  trainModel,
  trainTable,
} from "../../src/language/index.js";
import { memoryRunStore } from "../../src/train/run-store.js";
import { learned, questions } from "./made-up-data.js";
import { backend, small, taskOf, train } from "./train-small.js";

describe.each(Object.keys(learned) as readonly (keyof typeof learned)[])("%s", (name) => {
  const store = memoryRunStore();
  let results: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    results = await train(name, {}, store);
  });

  test("learns what it is shown", () => {
    const { measure, reached } = learned[name];
    expect(reached(results.result.measures[measure]!), scoreTable(results.result)).toBe(true);
    expect(results.losses.at(-1)!.loss).toBeLessThan(results.losses[0]!.loss);
  });

  test("is saved as a folder that can be loaded, and measured to the same numbers", async () => {
    const { model, weights, tokenizer } = await loadModel(store);
    expect(model.settings).toEqual(results.model);
    const { records } = learned[name];
    const examiner = taskOf(name).examiner(backend, { model, tokenizer, records, options: {} });
    const score = await examineWeights(backend, examiner, weights);
    await examiner.close();
    expect(score.measures).toEqual(results.result.measures);
    expect(await store.read("training.state")).toBeUndefined();
  });

  test("has a report and a table", async () => {
    const page = await renderTrainReport(results);
    expect(page).toContain("training loss by step");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(trainTable(results)).toContain(`${name} with rope`);
  });
});

test("answers are as long as is allowed", async () => {
  const records = questions.map((record) => ({
    ...record,
    answers: record.answers.map(({ text, start }) => ({ text: `${text} and old`, start })),
  }));
  const longestOf = async (answerLength: number): Promise<number> => {
    const options = { ...small, steps: 40, tokenizer: "words" as const, answerLength };
    const request = { task: taskOf("qa"), options, training: records, validation: records };
    const { result } = await trainModel(request, { backend, store: memoryRunStore() });
    return Math.max(...result.predictions!.map((answer) => answer.split(" ").length));
  };
  expect(await longestOf(3)).toBe(3);
  expect(await longestOf(2)).toBeLessThan(3);
});

test("questions without an answer are learned as such", async () => {
  const without = questions.map((record) => ({ ...record, id: `no-${record.id}`, question: "how much", answers: [] }));
  const records = [...questions, ...without];
  const options = { ...small, steps: 90, tokenizer: "words" as const, batch: 12 };
  const request = { task: taskOf("qa"), options, training: records, validation: records };
  const { result } = await trainModel(request, { backend, store: memoryRunStore() });
  expect(result.measures.exactMatch).toBeGreaterThan(0.9);
  expect(result.predictions!.slice(questions.length)).toEqual(without.map(() => ""));
});
