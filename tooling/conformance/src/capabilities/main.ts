// npm run docs:backends: runs the quick kit on every backend, asks each what it has, and writes docs/backends.md.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { subjects } from "../subjects.js";
import type { Capability } from "./capability.js";
import { capabilitiesFile, tableFile } from "./files.js";
import { readCapability } from "./read-capability.js";
import { capabilityTable } from "./table.js";

const kit = fileURLToPath(new URL("../main.js", import.meta.url));

const capabilities: Record<string, Capability> = {};
const failing: string[] = [];
for (const subject of subjects) {
  const { status } = spawnSync(process.execPath, [kit, subject.name], { stdio: "inherit" });
  if (status !== 0) failing.push(subject.name);
  capabilities[subject.name] = await readCapability(subject);
}
if (failing.length > 0) {
  console.error(`error: ${failing.join(", ")} must pass the kit, but for known failures, before the table is written`);
  process.exit(1);
}
writeFileSync(capabilitiesFile, `${JSON.stringify(capabilities, undefined, 2)}\n`);
writeFileSync(tableFile, capabilityTable(subjects, capabilities));
console.log("wrote docs/backends.md");
