import { RelposError } from "@relpos/core";
import type { CaseContext, CaseGroup, ConformanceCase, KnownFailure } from "./case.js";

/** `unexpectedPass`: a known failure that passes, which is a failure of the list. */
export type CaseStatus = "passed" | "failed" | "unsupported" | "knownFailure" | "unexpectedPass";

export interface CaseResult {
  readonly name: string;
  readonly group: CaseGroup;
  readonly status: CaseStatus;
  /** What went wrong; of an unsupported case, what the backend lacks. */
  readonly error?: string;
  /** Of a known failure. */
  readonly known?: Pick<KnownFailure, "reason" | "issue">;
  readonly milliseconds: number;
}

/** A case that takes longer has failed: software that renders a GPU is slow, but not as slow as this. */
export const caseSeconds = 300;

/** Runs one case and judges what came of it. */
export async function runCase(
  { name, group, dtypes, run }: ConformanceCase,
  context: CaseContext,
  known: KnownFailure | undefined,
): Promise<CaseResult> {
  const missing = dtypes.filter((dtype) => !context.backend.dtypes.has(dtype));
  if (missing.length > 0) {
    return { name, group, status: "unsupported", error: `no dtype ${missing.join(", ")}`, milliseconds: 0 };
  }
  const start = performance.now();
  const error = await withinLimit(run(context)).then(
    () => undefined,
    (reason: unknown) => describe(reason),
  );
  const milliseconds = performance.now() - start;
  if (!known) return { name, group, status: error === undefined ? "passed" : "failed", ...of(error), milliseconds };
  const entry = { reason: known.reason, ...(known.issue !== undefined && { issue: known.issue }) };
  const status = error === undefined ? "unexpectedPass" : "knownFailure";
  return { name, group, status, ...of(error), known: entry, milliseconds };
}

const of = (error: string | undefined): { readonly error?: string } => (error === undefined ? {} : { error });

async function withinLimit(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new RelposError("conformance", `a case must end within ${caseSeconds} s`);
    timer = setTimeout(() => reject(error), 1000 * caseSeconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describe(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
