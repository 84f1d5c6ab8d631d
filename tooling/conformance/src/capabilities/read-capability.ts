import { fileURLToPath } from "node:url";
import { runInChromium } from "@relpos/browser";
import type { TestedSubject } from "../subjects/subject.js";
import { type Capability, capabilityOf } from "./capability.js";

const page = fileURLToPath(new URL("../../src/capabilities/page.ts", import.meta.url));

/** Asks a subject's backend where it lives: in this process, or in a page of Chromium. */
export async function readCapability(subject: TestedSubject): Promise<Capability> {
  if (subject.where === "node") {
    Object.assign(process.env, subject.environment?.());
    return capabilityOf(subject);
  }
  const { name, webgpu = false, isolated = false } = subject;
  return runInChromium<Capability>({ module: page, argument: name, webgpu, isolated });
}
