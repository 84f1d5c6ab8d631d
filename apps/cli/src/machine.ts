import { readFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import type { Environment, Machine } from "@relpos/lab";

/** Version of the program, from its package.json. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

/** Processor, memory and Node. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
  };
}

/** What a comparison runs on but for the backend, and the command line that repeats it. */
export function describeEnvironment(command: string): Omit<Environment, "backend"> {
  return { versions: { relpos: packageVersion() }, machine: describeMachine(), command };
}
