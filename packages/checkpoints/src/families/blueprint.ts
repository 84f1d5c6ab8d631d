import { check } from "@relpos/core";
import { Config, type ConfigFields } from "../config/config.js";
import { isRemapped, type Remap } from "../config/remap.js";
import { isRotary } from "../config/rope.js";
import type { WithRope } from "../config/with-rope.js";
import type { Model } from "../model/model.js";
import { type Task, taskOf } from "../model/task.js";
import type { Blueprint } from "./family.js";
import { families } from "./index.js";

/**
 * The model that a configuration describes, with the head of a task or else of its `architectures`, and the names of its
 * parameters in files. Errors for a `model_type` that relpos does not know, and settings that nothing read.
 */
export function blueprintOf(
  fields: ConfigFields,
  task?: Task,
  { rope, remap }: Pick<WithRope, "rope" | "remap"> = {},
): Blueprint {
  const config = new Config(fields, { remap });
  const type = config.text("model_type");
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  check(
    family,
    "openCheckpoint",
    () => `model_type must be one of ${Object.keys(families).sort().join(", ")}, got ${type}`,
  );
  const [architecture] = config.texts("architectures") ?? [];
  check(task || architecture, "openCheckpoint", () => "config.json names no architecture: give a task");
  const blueprint = family(config, task ?? taskOf(architecture as string));
  if (rope) checkRotary(type, blueprint.model, remap);
  config.finish();
  return blueprint;
}

/** Errors unless there is a rotary embedding to scale, and for other distances a decoder. */
function checkRotary(family: string, { encodings = [], cache }: Model, remap: Remap | undefined): void {
  check(encodings.some(isRotary), "rope", () => {
    const kinds = [...new Set(encodings.map(({ kind }) => kind))];
    return `the model must have a rotary embedding, ${family} has ${kinds.join(", ") || "none"}`;
  });
  check(!remap || cache, "rope", () => `other distances are for decoders, ${family} attends to both sides`);
  check(!remap || encodings.some(isRemapped), "rope", () => `${family} has no place for ${remap?.override.type}`);
}

/** A configuration's model, without weights: `model.parameters` says what it needs and how that is initialized. */
export function modelOf(config: ConfigFields, task?: Task): Model {
  return blueprintOf(config, task).model;
}
