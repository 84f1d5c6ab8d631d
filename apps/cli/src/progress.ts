import { type CompareListener, describeResult, describeStatus, timeLeft } from "@relpos/lab";
import type { Console } from "./console.js";

/** Shows a comparison's progress, and stops showing it. */
export interface Progress {
  readonly listener: CompareListener;
  /** Removes the line that is being redrawn. */
  stop(): void;
}

const redrawEvery = 100;
const plainEvery = 15_000;

/**
 * A bar with the time left that is redrawn in place; where the console is not interactive, a line now and then. A
 * finished run leaves a line.
 */
export function showProgress(console: Console, now: () => number = () => performance.now()): Progress {
  const left = timeLeft(now);
  const interval = console.interactive ? redrawEvery : plainEvery;
  let shown = console.interactive ? Number.NEGATIVE_INFINITY : now();
  const erase = console.interactive ? "\r\u001b[2K" : "";

  const listener: CompareListener = (event) => {
    const rest = left(event);
    if (event.type === "result") {
      console.error(`${erase}${describeResult(event)}\n`);
      return;
    }
    if (now() - shown < interval) return;
    shown = now();
    const status = describeStatus(event, rest);
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
