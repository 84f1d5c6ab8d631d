import { timeLeft } from "@relpos/lab";
import type { Console } from "./console.js";
import { statusLine } from "./status-line.js";

/** What work tells: the share of the whole that is done, from 0 to 1. */
interface WorkEvent {
  readonly type: string;
  readonly work: number;
  /** Whether it was found finished. */
  readonly stored?: boolean;
}

/** Shows how far some work is, and stops showing it. */
export interface Progress<E> {
  readonly listener: (event: E) => void;
  /** Removes the line that is being redrawn. */
  stop(): void;
}

/**
 * A status line with the time left. An event of type "result" leaves a line. `describe` says an event in a few words, with
 * the milliseconds left where they are known.
 */
export function showProgress<E extends WorkEvent>(
  console: Console,
  describe: (event: E, left: number | undefined) => string,
  now: () => number = () => performance.now(),
): Progress<E> {
  const left = timeLeft(now);
  const { show, keep, stop } = statusLine(console, now);
  const listener = (event: E): void => {
    const rest = left(event);
    if (event.type === "result") keep(describe(event, rest));
    else show(event.work, () => describe(event, rest));
  };
  return { listener, stop };
}
