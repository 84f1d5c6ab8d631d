import { foldIn, randomKey } from "@relpos/core";
import { type Metric, type Task, tasks } from "../tasks/index.js";
import { digitsOf } from "./digits.js";
import { require } from "./errors.js";
import type { CompareData, Problem, ProblemSizes } from "./problem.js";
import type { Measure } from "./results.js";
import { suggestion } from "./settings.js";

const measured: Readonly<Record<Metric, Pick<Measure, "better" | "explanation"> & { readonly words: string }>> = {
  exactMatch: {
    words: "exact match",
    better: "higher",
    explanation: "Share of sequences in which every token of the answer is predicted rightly.",
  },
  errorRate: {
    words: "error rate",
    better: "lower",
    explanation: "Share of the tokens to answer that are predicted wrongly.",
  },
};

/** An algorithmic task: the answer is learned at the training length and asked for at every length. */
export function taskProblem({ task: name }: Extract<CompareData, { kind: "task" }>, sizes: ProblemSizes): Problem {
  const { trainLength, testLengths, batch, evaluationSequences } = sizes;
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  require(task, () => `unknown task "${name}"`, () => suggestion(name, Object.keys(tasks)));
  const shortest = Math.min(trainLength, ...testLengths);
  require(shortest >= task.shortest, () =>
    `the task ${name} needs lengths of at least ${task.shortest}, got ${shortest}`, () =>
    `try a training length of ${2 ** Math.ceil(Math.log2(task.shortest))}`);
  const evaluationKey = foldIn(randomKey(0), "examination");
  return {
    data: { kind: "task", task: name },
    description: {
      title: `the task ${name}`,
      summary: `A task was learned: ${task.describe}.`,
      vocabulary: task.vocabulary.length,
      measures: measuresOf(task),
    },
    digits: digitsOf(task.vocabulary),
    scoresEveryToken: false,
    trainingBatch: (seed, step) => task.batch(foldIn(randomKey(seed), "batches"), step, { batch, length: trainLength }),
    examinations: (length) => task.evaluation(evaluationKey, length, evaluationSequences),
  };
}

function measuresOf(task: Task): readonly Measure[] {
  const { words, better, explanation } = measured[task.metric];
  const sets = task.evaluation(randomKey(0), task.shortest, 1).map((rows) => rows.name);
  return sets.map((examination) => ({
    examination,
    value: task.metric,
    label: sets.length === 1 ? words : `${words}, ${examination}`,
    explanation,
    better,
  }));
}
