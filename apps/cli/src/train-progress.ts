import { duration, shortNumber, timeLeft } from "@relpos/lab";
import { sparkline, type TrainEvent } from "@relpos/lab/language";
import { describeCoverage } from "@relpos/text";
import type { Console } from "./console.js";
import { bar } from "./progress.js";

/** Shows a training's progress, and stops showing it. */
export interface TrainProgress {
  readonly listener: (event: TrainEvent) => void;
  /** Removes the line that is being redrawn. */
  stop(): void;
}

const redrawEvery = 100;
const plainEvery = 15_000;

/**
 * A bar with loss, learning rate, time left and the curve of the losses, redrawn in place; where the console is not
 * interactive, a line now and then. What is about to be trained and each evaluation leave a line.
 */
export function showTraining(console: Console, now: () => number = () => performance.now()): TrainProgress {
  const left = timeLeft(now);
  const erase = console.interactive ? "\r\u001b[2K" : "";
  let shown = console.interactive ? Number.NEGATIVE_INFINITY : now();
  const listener = (event: TrainEvent): void => {
    const rest = left(event);
    if (event.type !== "step") {
      const line = describe(event);
      if (line) console.error(`${erase}${line}\n`);
      return;
    }
    if (now() - shown < (console.interactive ? redrawEvery : plainEvery)) return;
    shown = now();
    const time = rest === undefined ? "" : `, ${duration(Math.max(1000, rest))} left`;
    const { step, steps, loss, learningRate, losses } = event;
    const status = `${sparkline(losses, 16)} step ${step}/${steps}, loss ${shortNumber(loss)}, rate ${shortNumber(learningRate)}${time}`;
    console.error(console.interactive ? `${erase}${bar(event.work, status, console.columns())}` : `${status}\n`);
  };
  return { listener, stop: () => console.error(erase) };
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
