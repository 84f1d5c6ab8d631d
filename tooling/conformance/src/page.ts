// What runs in Chromium: the same kit, on a backend that only a browser has.
import { type CaseResult, type ConformanceReport, runConformance } from "@relpos/conformance";
import { check } from "@relpos/core";
import { asSubject } from "./as-subject.js";
import { chromiumSubjects } from "./subjects/in-chromium.js";

export interface PageArgument {
  /** A subject of the table. */
  readonly name: string;
  readonly full: boolean;
  readonly filter: string;
}

export async function main(
  { name, full, filter }: PageArgument,
  report: (result: CaseResult) => void,
): Promise<ConformanceReport> {
  const subject = chromiumSubjects.find((each) => each.name === name);
  check(subject, "conformance", () => `a subject must be one of the page's, got ${name}`);
  return runConformance(asSubject(subject), { full, filter, onResult: report });
}
