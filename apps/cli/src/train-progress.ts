import { duration, shortNumber, timeLeft } from "@relpos/lab";
import { sparkline, type TrainEvent } from "@relpos/lab/language";
import { describeCoverage } from "@relpos/text";
import type { Console } from "./console.js";
import type { Progress } from "./progress.js";
import { statusLine } from "./status-line.js";

/**
 * A status line with loss, learning rate, time left and the curve of the losses. What is about to be trained and each
 * evaluation leave a line.
 */
export function showTraining(console: Console, now: () => number = () => performance.now()): Progress<TrainEvent> {
  const left = timeLeft(now);
  const { show, keep, stop } = statusLine(console, now);
  const listener = (event: TrainEvent): void => {
    const rest = left(event);
    if (event.type !== "step") {
      const line = describe(event);
      if (line) keep(line);
      return;
    }
    show(event.work, () => {
      const time = rest === undefined ? "" : `, ${duration(Math.max(1000, rest))} left`;
      const { step, steps, loss, learningRate, losses } = event;
      return `${sparkline(losses, 16)} step ${step}/${steps}, loss ${shortNumber(loss)}, rate ${shortNumber(learningRate)}${time}`;
    });
  };
  return { listener, stop };
}

function describe(event: Exclude<TrainEvent, { type: "step" }>): string | undefined {
  if (event.type === "start") {
    const { parameters, vocabulary, perEpoch, steps, memory, coverage } = event.description;
    const bytes = `${Math.ceil((memory.held + memory.peak) / 2 ** 20).toLocaleString("en-US")} MiB`;
    const begin = event.step > 0 ? `going on from step ${event.step}: ` : "";
    return `${begin}${parameters.toLocaleString("en-US")} parameters, ${vocabulary.toLocaleString("en-US")} tokens, ${steps} steps (${perEpoch} are an epoch), about ${bytes} of memory${coverage ? `\n${describeCoverage(coverage)}` : ""}`;
  }
  if (event.type === "test") return undefined;
  const { step, measures } = event.evaluation;
  const values = Object.entries(measures).map(([name, value]) => `${name} ${shortNumber(value)}`);
  return `${event.best ? "✓" : "·"} step ${step}: ${values.slice(0, 4).join(", ")}${event.best ? " (best so far)" : ""}`;
}
