import { duration, shortNumber } from "../report/numbers.js";
import type { CompareEvent } from "./events.js";

type ResultEvent = Extract<CompareEvent, { type: "result" }>;

/** Estimates the milliseconds left, from the work done since the first event that was not read from the store. */
export function timeLeft(
  now: () => number,
): (event: { readonly work: number; readonly stored?: boolean }) => number | undefined {
  let start: { readonly time: number; readonly work: number } | undefined;
  return (event) => {
    if (event.stored) return undefined;
    start ??= { time: now(), work: event.work };
    const done = event.work - start.work;
    return done > 0.002 ? ((now() - start.time) * (1 - event.work)) / done : undefined;
  };
}

/** What a run is doing, or how it ended, in a few words, with the milliseconds left where they are known. */
export function describeComparison(event: CompareEvent, left: number | undefined): string {
  return event.type === "result" ? describeResult(event) : describeStatus(event, left);
}

/** What a run is doing, in a few words, with the milliseconds left where they are known. */
function describeStatus(event: Exclude<CompareEvent, ResultEvent>, left: number | undefined): string {
  const time = left === undefined ? "" : `, ${duration(Math.max(1000, left))} left`;
  return `${event.encoding}, seed ${event.seed} (${event.run}/${event.runs}): ${describeWork(event)}${time}`;
}

function describeWork(event: Exclude<CompareEvent, ResultEvent>): string {
  if (event.type === "step") return `step ${event.step}/${event.steps}, loss ${shortNumber(event.loss)}`;
  if (event.type === "examine") return `measuring at length ${event.length}`;
  return event.step === 0 ? "starting" : `going on from step ${event.step}`;
}

/** How a run ended, in one line. */
function describeResult({ result, stored, run, runs }: ResultEvent): string {
  const name = `${String(run).padStart(String(runs).length)}/${runs} ${result.encoding}, seed ${result.seed}`;
  if (result.status === "failed") return `✗ ${name}: failed at step ${result.step}: ${result.reason}`;
  const { trainMilliseconds, evaluateMilliseconds, trainMillisecondsPerStep } = result.timings;
  const loss = shortNumber(result.losses.at(-1)?.loss ?? Number.NaN);
  const time = duration(trainMilliseconds + evaluateMilliseconds);
  return `✓ ${name}: loss ${loss}, ${time} (${duration(trainMillisecondsPerStep)} a step)${stored ? ", found finished" : ""}`;
}
