import { expect, test } from "vitest";
import { readCapabilities } from "../src/capabilities/files.js";
import { readCapability } from "../src/capabilities/read-capability.js";
import { subjects } from "../src/subjects.js";

const inPages = subjects.filter((subject) => subject.where === "chromium");

test.each(inPages.map((subject) => [subject.name, subject] as const))(
  "capabilities.json has what %s says of itself",
  { timeout: 300_000 },
  async (name, subject) => {
    expect(readCapabilities()[name]).toEqual(await readCapability(subject));
  },
);
