import { readFileSync } from "node:fs";

/**
 * The most memory that this process has held, in bytes. On Linux what getrusage says begins with the peak of the process that
 * started this one; what the system says of its memory does not.
 */
export function peakMemory(): number {
  const own =
    process.platform === "linux" ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) : null;
  return 1024 * (own ? Number(own[1]) : process.resourceUsage().maxRSS);
}
