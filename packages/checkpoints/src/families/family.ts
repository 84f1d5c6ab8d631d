import type { Config } from "../config/config.js";
import type { Model } from "../model/model.js";
import type { Task } from "../model/task.js";
import type { WeightNames } from "../weights/load.js";

/** A model and where its parameters are in the file. */
export interface Blueprint {
  readonly model: Model;
  readonly names: WeightNames;
}

/** What a `model_type` means: its configuration, for a task, as a model. Errors for settings and tasks that it does not have. */
export type Family = (config: Config, task: Task) => Blueprint;
