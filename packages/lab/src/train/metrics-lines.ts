import type { RunProgress } from "./state-file.js";

/**
 * A training as JSON lines, one for each step and each evaluation: `{"step":1,"loss":…,"learningRate":…,"milliseconds":…}`,
 * with `residentBytes` where memory was recorded, and `{"step":100,"score":…,"measures":{…}}`.
 */
export function metricsLines(
  { losses, milliseconds, residentBytes = [], evaluations = [] }: Omit<RunProgress, "run">,
  learningRate: (step: number) => number,
): string {
  const byStep = new Map(evaluations.map((evaluation) => [evaluation.step, evaluation]));
  const lines = losses.flatMap((loss, index) => {
    const step = index + 1;
    const own = {
      step,
      loss,
      learningRate: learningRate(step),
      milliseconds: milliseconds[index],
      residentBytes: residentBytes[index],
    };
    const evaluation = byStep.get(step);
    return evaluation ? [own, evaluation] : [own];
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
