import { testBackend } from "@relpos/conformance/vitest";
import { asSubject, subjects } from "../src/index.js";

// Every case, on what runs in Node wherever Node does; of the reference, which would be compared with itself, the quick
// set. The example of a backend runs the kit in its own tests.
for (const subject of subjects) {
  if (subject.where !== "node" || subject.environment || subject.name === "plain") continue;
  testBackend(asSubject(subject), { full: subject.name !== "reference" });
}
