import type { TestedSubject } from "@relpos/conformance-runs/subject";
import { check } from "@relpos/core";
import type { Program } from "./program.js";
import { type ProgramCall, programs } from "./programs.js";

/** Starts a backend, runs a program on it, and closes it; where it is called, the backend must be able to run. */
export async function runProgram(
  subjects: readonly TestedSubject[],
  call: ProgramCall,
  report: (message: string) => void,
): Promise<unknown> {
  const subject = subjects.find(({ name }) => name === call.subject);
  check(subject, "runProgram", () => `there is no backend ${call.subject} here`);
  const { provider } = await subject.load();
  const backend = await provider.create({ device: subject.device, threads: subject.threads });
  try {
    return await (programs[call.program] as Program<unknown, unknown>)(backend, call.argument, report);
  } finally {
    await backend.close();
  }
}
