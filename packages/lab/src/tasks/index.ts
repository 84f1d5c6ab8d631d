import { check } from "@relpos/core";
import { addition } from "./addition.js";
import { copy, reverse } from "./copy.js";
import { flipFlop } from "./flip-flop.js";
import { passkey } from "./passkey.js";
import type { Task } from "./task.js";

export { addScores, emptyScore, metrics, scorePredictions, type TaskScore } from "./score.js";
export { defineTask, type Example, type Metric, type Task, type TaskDefinition } from "./task.js";

/** Every task by its name. */
export const tasks: Readonly<Record<string, Task>> = Object.fromEntries(
  [copy, reverse, addition, flipFlop, passkey].map((task) => [task.name, task]),
);

/** The task of a name. */
export function taskNamed(name: string): Task {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  check(
    task !== undefined,
    "task",
    () => `name must be one of ${Object.keys(tasks).join(", ")}, got ${JSON.stringify(name)}`,
  );
  return task;
}
