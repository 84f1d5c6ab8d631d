import type { Console } from "./console.js";

/** What commands share: the console, the arguments as typed, and a way to end with a code other than 0. */
export interface CliContext {
  readonly console: Console;
  readonly args: readonly string[];
  setExitCode(code: number): void;
}
