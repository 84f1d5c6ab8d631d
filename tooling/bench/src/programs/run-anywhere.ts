import { fileURLToPath } from "node:url";
import { runInChromium } from "@relpos/browser";
import { findSubject } from "@relpos/conformance-runs";
import { check } from "@relpos/core";
import { isolate } from "../isolate.js";
import type { ProgramCall, ProgramName, ResultOf } from "./programs.js";

const page = fileURLToPath(new URL("../../src/programs/page.ts", import.meta.url));
const process = new URL("./in-process.js", import.meta.url);

/** Runs a program on a backend where it lives: in a process of its own, or in a page of Chromium. */
export async function runAnywhere<N extends ProgramName>(call: ProgramCall<N>): Promise<ResultOf<N>> {
  const subject = findSubject(call.subject);
  check(subject, "runAnywhere", () => `there is no backend ${call.subject}`);
  if (subject.where === "node") return isolate(process, call, subject.environment?.());
  const { webgpu = false, isolated = false } = subject;
  return runInChromium<ResultOf<N>>({ module: page, argument: call, webgpu, isolated });
}
