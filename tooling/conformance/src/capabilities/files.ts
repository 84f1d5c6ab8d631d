import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Capabilities } from "./capability.js";

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

/** What the backends said when the table was last written. */
export const capabilitiesFile = path("capabilities.json");
export const tableFile = path("../../docs/backends.md");

export function readCapabilities(): Capabilities {
  return JSON.parse(readFileSync(capabilitiesFile, "utf8")) as Capabilities;
}
