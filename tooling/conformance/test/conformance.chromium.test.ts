import { printReport } from "@relpos/conformance";
import { expect, test } from "vitest";
import { runSubject, subjects } from "../src/index.js";

// The quick set where a GPU is software, every case elsewhere. `pnpm conformance NAME --full` runs every case.
const onGpu = (device: string): boolean => device.startsWith("webg");

for (const subject of subjects) {
  if (subject.where !== "chromium") continue;
  test(`conformance of ${subject.name}`, { timeout: 1_800_000 }, async () => {
    const report = await runSubject(subject, { full: !onGpu(subject.device) });
    const { passed, failed, unexpectedPass } = report.totals;
    expect(failed + unexpectedPass, printReport(report)).toBe(0);
    expect(passed).toBeGreaterThan(0);
  });
}
