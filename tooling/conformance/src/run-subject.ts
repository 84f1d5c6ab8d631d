import { fileURLToPath } from "node:url";
import { runInChromium } from "@relpos/browser";
import { type CaseResult, type ConformanceOptions, type ConformanceReport, runConformance } from "@relpos/conformance";
import { asSubject } from "./as-subject.js";
import type { PageArgument } from "./page.js";
import type { TestedSubject } from "./subjects/subject.js";

const page = fileURLToPath(new URL("../src/page.ts", import.meta.url));

/** Runs the kit on a backend where it lives: in this process, or in a page of Chromium. */
export async function runSubject(subject: TestedSubject, options: ConformanceOptions = {}): Promise<ConformanceReport> {
  if (subject.where === "node") {
    Object.assign(process.env, subject.environment?.());
    return runConformance(asSubject(subject), options);
  }
  const { full = false, filter = "", onResult, signal } = options;
  const argument: PageArgument = { name: subject.name, full, filter };
  const { webgpu = false, isolated = false } = subject;
  return runInChromium<ConformanceReport>({
    module: page,
    argument,
    webgpu,
    isolated,
    onMessage: (result) => onResult?.(result as CaseResult),
    ...(signal && { signal }),
  });
}
