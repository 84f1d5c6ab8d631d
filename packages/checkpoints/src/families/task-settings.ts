import { RelposError } from "@relpos/core";
import { type Config, isFields } from "../config/config.js";
import type { Task } from "../model/task.js";

/** How many classes a classifier tells apart: `num_labels`, or as many as `id2label` has. Default 2. */
export function labelCount(config: Config): number {
  const labels = config.value("id2label");
  return config.optional("num_labels") ?? (isFields(labels) ? Object.keys(labels).length : 2);
}

/** Errors for a task that a family has no head for. */
export function refuseTask(config: Config, task: Task): never {
  throw new RelposError("openCheckpoint", `model_type ${config.text("model_type")} has no head for ${task}`);
}
