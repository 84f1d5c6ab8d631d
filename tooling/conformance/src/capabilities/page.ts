// What runs in Chromium to ask a backend that only a browser has.
import { check } from "@relpos/core";
import { chromiumSubjects } from "../subjects/in-chromium.js";
import { type Capability, capabilityOf } from "./capability.js";

export async function main(name: string): Promise<Capability> {
  const subject = chromiumSubjects.find((each) => each.name === name);
  check(subject, "capability", () => `a subject must be one of the page's, got ${name}`);
  return capabilityOf(subject);
}
