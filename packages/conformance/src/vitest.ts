import { afterAll, describe, test } from "vitest";
import type { Subject } from "./case.js";
import { conformanceCases } from "./cases/all-cases.js";
import { openContext } from "./context.js";
import { knownFailuresOf } from "./known-failures.js";
import { caseSeconds, runCase } from "./run-case.js";
import { type CaseSelection, selectCases } from "./run-conformance.js";

const timeout = 1000 * (caseSeconds + 10);

/**
 * One vitest test for each case that the backend has the element types for. A known failure that fails is a test that
 * passes, and one that passes is a test that fails.
 */
export function testBackend(subject: Subject, options: CaseSelection = {}): void {
  describe(`conformance of ${subject.name}`, async () => {
    const known = knownFailuresOf(subject, conformanceCases());
    const context = await openContext(subject);
    afterAll(() => context.close());
    const { dtypes } = context.backend;
    const cases = selectCases(options).filter((each) => each.dtypes.every((dtype) => dtypes.has(dtype)));
    for (const each of cases) {
      test(each.name, { timeout }, async () => {
        const { status, error } = await runCase(each, context, known(each.name));
        if (error !== undefined) await context.renew();
        if (status === "failed") throw new Error(error);
        if (status === "unexpectedPass") throw new Error("passes, though it is listed as a known failure");
      });
    }
  });
}
