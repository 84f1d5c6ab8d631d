import { createReferenceBackend } from "@relpos/backend-reference";
import { afterAll } from "vitest";
import { type LanguageTask, languageTasks, type TrainOptions, trainModel } from "../../src/language/index.js";
import { memoryRunStore } from "../../src/train/run-store.js";
import { learned } from "./made-up-data.js";

/** The backend of a file's tests. */
export const backend = createReferenceBackend();
afterAll(() => backend.close());

/** The settings of a model that learns in seconds. */
export const small: TrainOptions = {
  layers: 1,
  width: 16,
  heads: 2,
  length: 24,
  batch: 6,
  learningRate: 0.02,
  dropout: 0,
  buckets: 2,
};

type TaskName = keyof typeof languageTasks;

/** A task, whatever its records are. */
export const taskOf = (name: TaskName) => languageTasks[name] as unknown as LanguageTask<readonly object[]>;

/** Trains a small model of a task on its made-up records, and measures it on the same. */
export function train(name: TaskName, options: TrainOptions = {}, store = memoryRunStore()) {
  const { records, options: own } = learned[name];
  const request = {
    task: taskOf(name),
    options: { ...small, ...own, ...options },
    training: records,
    validation: records,
  };
  return trainModel(request, { backend, store });
}
