import { check } from "@relpos/core";
import type { ConformanceCase, KnownFailure, Subject } from "./case.js";

/** The known failure that names a case, if there is one. */
export type KnownFailures = (name: string) => KnownFailure | undefined;

/** Looks cases up in a subject's list. Errors when an entry names no case: it is misspelt, or the case is gone. */
export function knownFailuresOf(subject: Subject, cases: readonly ConformanceCase[]): KnownFailures {
  const entries = (subject.knownFailures ?? []).flatMap((failure) =>
    [failure.cases].flat().map((pattern) => ({ pattern, matches: expressionOf(pattern), failure })),
  );
  for (const { pattern, matches } of entries) {
    check(
      cases.some(({ name }) => matches.test(name)),
      "knownFailures",
      () => `every entry of ${subject.name} must name a case, got "${pattern}"`,
    );
  }
  return (name) => entries.find(({ matches }) => matches.test(name))?.failure;
}

/** A pattern in which `*` stands for any text. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
