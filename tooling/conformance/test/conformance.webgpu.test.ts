import { testBackend } from "@relpos/conformance/vitest";
import { asSubject, subjects } from "../src/index.js";

// The quick set: a GPU in software takes its time. `pnpm conformance ort-node:webgpu --full` runs every case.
for (const subject of subjects) {
  if (subject.where === "node" && subject.environment) testBackend(asSubject(subject));
}
