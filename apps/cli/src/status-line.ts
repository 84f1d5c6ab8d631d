import type { Console } from "./console.js";

/** A line about work that goes on. */
export interface StatusLine {
  /** Shows which share is done and how it goes, unless that was done a moment ago. */
  show(share: number, status: () => string): void;
  /** Writes a line that stays. */
  keep(line: string): void;
  /** Removes the line that is being redrawn. */
  stop(): void;
}

const redrawEvery = 100;
const plainEvery = 15_000;

/** A bar that is redrawn in place; where the console is not interactive, a line every quarter of a minute. */
export function statusLine(console: Console, now: () => number = () => performance.now()): StatusLine {
  const { interactive } = console;
  const interval = interactive ? redrawEvery : plainEvery;
  const erase = interactive ? "\r\u001b[2K" : "";
  let shown = interactive ? Number.NEGATIVE_INFINITY : now();
  return {
    show(share, status) {
      if (now() - shown < interval) return;
      shown = now();
      const line = interactive ? bar(share, status(), console.columns()) : `${percentOf(share)} ${status()}\n`;
      console.error(`${erase}${line}`);
    },
    keep: (line) => console.error(`${erase}${line}\n`),
    stop: () => console.error(erase),
  };
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
