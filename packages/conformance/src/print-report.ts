import type { CaseResult, CaseStatus } from "./run-case.js";
import type { ConformanceReport } from "./run-conformance.js";

/** A report as text: known failures by their reasons, then what is wrong; the last line is `N passed, N failed`. */
export function printReport({ subject, results, totals, milliseconds }: ConformanceReport): string {
  const of = (status: CaseStatus) => results.filter((result) => result.status === status);
  const failed = totals.failed + totals.unexpectedPass;
  return [
    `${subject}: ${results.length} cases in ${(milliseconds / 1000).toFixed(1)} s`,
    ...grouped("unsupported", of("unsupported"), ({ error }) => error ?? ""),
    ...grouped("known to fail", of("knownFailure"), ({ known }) =>
      known?.issue === undefined ? (known?.reason ?? "") : `${known.reason} (${known.issue})`,
    ),
    ...of("failed").map(({ name, error }) => `FAILED ${name}\n    ${error}`),
    ...of("unexpectedPass").map(({ name }) => `FAILED ${name}\n    passes, though it is listed as a known failure`),
    `${totals.passed} passed, ${failed} failed`,
  ].join("\n");
}

const namesShown = 5;

/** One line for each reason, with how many cases it concerns and the first of their names. */
function grouped(
  title: string,
  results: readonly CaseResult[],
  reasonOf: (result: CaseResult) => string,
): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const result of results) {
    const reason = reasonOf(result);
    groups.set(reason, [...(groups.get(reason) ?? []), result.name]);
  }
  return [...groups].map(([reason, names]) => {
    const more = names.length > namesShown ? `, … ${names.length - namesShown} more` : "";
    return `${title}: ${reason}: ${names.length} cases: ${names.slice(0, namesShown).join(", ")}${more}`;
  });
}
