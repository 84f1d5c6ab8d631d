import { check, constant, graph, simplify, toScalar } from "@relpos/core";
import type { Schedule } from "@relpos/core/train";

/** The learning rate of a step, counted from 1: the schedule's graph, folded. */
export function learningRateAt(schedule: Schedule, step: number): number {
  const [output] = simplify(graph([], [schedule(constant(step))])).outputs;
  const node = output?.node;
  const value = node?.kind === "primitive" && node.op === "constant" ? node.attributes.value : undefined;
  check(value, "learningRateAt", () => "a schedule must depend on the step alone");
  return toScalar(value);
}
