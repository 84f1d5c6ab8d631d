import { timeLeft } from "@relpos/lab";
import type { Console } from "./console.js";

/** What work tells: the share of the whole that is done, from 0 to 1. */
export interface WorkEvent {
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

const redrawEvery = 100;
const plainEvery = 15_000;

/**
 * A bar with the time left that is redrawn in place; where the console is not interactive, a line now and then. An event of
 * type "result" leaves a line. `describe` says an event in a few words, with the milliseconds left where they are known.
 */
export function showProgress<E extends WorkEvent>(
  console: Console,
  describe: (event: E, left: number | undefined) => string,
  now: () => number = () => performance.now(),
): Progress<E> {
  const left = timeLeft(now);
  const interval = console.interactive ? redrawEvery : plainEvery;
  let shown = console.interactive ? Number.NEGATIVE_INFINITY : now();
  const erase = console.interactive ? "\r\u001b[2K" : "";

  const listener = (event: E): void => {
    const rest = left(event);
    if (event.type === "result") {
      console.error(`${erase}${describe(event, rest)}\n`);
      return;
    }
    if (now() - shown < interval) return;
    shown = now();
    const status = describe(event, rest);
    console.error(
      console.interactive
        ? `${erase}${bar(event.work, status, console.columns())}`
        : `${percentOf(event.work)} ${status}\n`,
    );
  };
  return { listener, stop: () => console.error(erase) };
}

/** `━━━━━━────── 42 % status`, cut to the width of the terminal. */
export function bar(share: number, status: string, columns: number): string {
  const width = Math.max(8, Math.min(24, columns - 60));
  const filled = Math.round(share * width);
  const line = `${"━".repeat(filled)}${"─".repeat(width - filled)} ${percentOf(share)} ${status}`;
  return [...line].slice(0, Math.max(10, columns - 1)).join("");
}

function percentOf(share: number): string {
  return `${String(Math.floor(100 * share)).padStart(3)} %`;
}
