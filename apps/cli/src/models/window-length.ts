import type { TextGenerator } from "@relpos/pipelines";
import { CliError } from "../errors.js";

/** The tokens that a model sees at once: as asked for, or its context up to the usual. Errors beyond the context. */
export function windowLength(asked: number | undefined, usual: number, { contextLength }: TextGenerator): number {
  const length = asked ?? Math.min(contextLength, usual);
  if (length <= contextLength) return length;
  throw new CliError(`--length ${length} is beyond the model's context of ${contextLength}`, "choose a lower one");
}
