import { duration, percent, shortNumber } from "../report/numbers.js";
import { foundShare } from "./recommend-method.js";
import type { MethodAtLength } from "./results.js";

/** What an extension tells while it works. `work` is the share of the whole that is done, from 0 to 1. */
export type ExtendEvent = {
  readonly method: string;
  readonly length: number;
  /** Which method at which length, counted from 1, of how many. */
  readonly run: number;
  readonly runs: number;
  readonly work: number;
} & (
  | { readonly type: "tokens" }
  /** It was measured, or found measured in the store. */
  | { readonly type: "result"; readonly result: MethodAtLength; readonly stored: boolean }
);

export type ExtendListener = (event: ExtendEvent) => void;

/** An event in one line, with the milliseconds left where they are known. */
export function describeExtension(event: ExtendEvent, left: number | undefined): string {
  const { method, length, run, runs } = event;
  const name = `${String(run).padStart(String(runs).length)}/${runs} ${method}, length ${length}`;
  if (event.type === "tokens") return `${name}${left === undefined ? "" : `, ${duration(Math.max(1000, left))} left`}`;
  const { result, stored } = event;
  const share = foundShare(result);
  const keys = share === undefined ? "" : `, passkeys ${percent(share)}`;
  const time = stored ? "found finished" : duration(result.milliseconds);
  return `✓ ${name}: perplexity ${shortNumber(result.sliding.perplexity)}${keys}, ${time}`;
}
