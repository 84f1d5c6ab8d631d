import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCapabilities, tableFile } from "../src/capabilities/files.js";
import { readCapability } from "../src/capabilities/read-capability.js";
import { capabilityTable } from "../src/capabilities/table.js";
import { subjects } from "../src/subjects.js";

// A table that has gone stale is written anew by `npm run docs:backends`.

const capabilities = readCapabilities();

test("docs/backends.md is the table of capabilities.json and the known failures", () => {
  expect(Object.keys(capabilities)).toEqual(subjects.map(({ name }) => name));
  expect(readFileSync(tableFile, "utf8")).toBe(capabilityTable(subjects, capabilities));
});

describe("capabilities.json has what a backend says of itself", () => {
  const here = subjects.filter((subject) => subject.where === "node" && subject.environment === undefined);
  test.each(here.map((subject) => [subject.name, subject] as const))("%s", async (name, subject) => {
    expect(capabilities[name]).toEqual(await readCapability(subject));
  });
});
