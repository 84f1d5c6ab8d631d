import type { Subject } from "./case.js";
import { conformanceCases } from "./cases/all-cases.js";
import { openContext } from "./context.js";
import { knownFailuresOf } from "./known-failures.js";
import { type CaseResult, type CaseStatus, runCase } from "./run-case.js";

export interface CaseSelection {
  /** Every case. Default is the quick set: each kind of promise, in a minute where a GPU is software. */
  readonly full?: boolean | undefined;
  /** Only cases whose names contain the text. */
  readonly filter?: string | undefined;
}

export interface ConformanceOptions extends CaseSelection {
  /** Called after each case. */
  readonly onResult?: ((result: CaseResult) => void) | undefined;
  /** Stops before the next case. */
  readonly signal?: AbortSignal | undefined;
}

export interface ConformanceReport {
  /** The subject's name. */
  readonly subject: string;
  readonly results: readonly CaseResult[];
  readonly totals: Readonly<Record<CaseStatus, number>>;
  readonly milliseconds: number;
}

/** The cases of a selection. */
export function selectCases({ full = false, filter = "" }: CaseSelection) {
  return conformanceCases().filter(({ name, quick }) => (full || quick) && name.includes(filter));
}

/**
 * Runs the cases on a backend, one after another.
 *
 * Errors when the backend cannot be started, when a known failure names no case, and with the signal's reason.
 */
export async function runConformance(subject: Subject, options: ConformanceOptions = {}): Promise<ConformanceReport> {
  const known = knownFailuresOf(subject, conformanceCases());
  const start = performance.now();
  const context = await openContext(subject);
  const results: CaseResult[] = [];
  try {
    for (const each of selectCases(options)) {
      options.signal?.throwIfAborted();
      const result = await runCase(each, context, known(each.name));
      results.push(result);
      options.onResult?.(result);
      if (result.error !== undefined && result.status !== "unsupported") await context.renew();
    }
  } finally {
    await context.close();
  }
  return { subject: subject.name, results, totals: totalsOf(results), milliseconds: performance.now() - start };
}

function totalsOf(results: readonly CaseResult[]): Readonly<Record<CaseStatus, number>> {
  const totals = { passed: 0, failed: 0, unsupported: 0, knownFailure: 0, unexpectedPass: 0 };
  for (const { status } of results) totals[status]++;
  return totals;
}
