import type { Subject } from "@relpos/conformance";
import type { TestedSubject } from "./subjects/subject.js";

/** A row of the table as the kit takes it; where it is called, the backend must be able to run. */
export function asSubject({ name, load, device, threads, knownFailures = [] }: TestedSubject): Subject {
  return { name, knownFailures, create: async () => (await load()).provider.create({ device, threads }) };
}
