// What runs in Chromium: a program on a backend that only a browser has.
import { chromiumSubjects } from "@relpos/conformance-runs/in-chromium";
import type { ProgramCall } from "./programs.js";
import { runProgram } from "./run-program.js";

export function main(call: ProgramCall, report: (message: string) => void): Promise<unknown> {
  return runProgram(chromiumSubjects, call, report);
}
