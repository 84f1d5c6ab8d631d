import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BackendRequest } from "../backends/load.js";
import type { DeviceFindings } from "./report.js";

/** Examines a device in a process of its own, which is ended after a time in seconds. */
export function examineApart(request: BackendRequest, seconds: number): Promise<DeviceFindings> {
  const child = fork(examineFile(), [JSON.stringify(request)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  child.stderr?.on("data", (text) => {
    complaint += String(text);
  });
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ ready: false, reason });
    const timer = setTimeout(() => {
      fail(`it did not answer within ${seconds} s`);
      child.kill("SIGKILL");
    }, 1000 * seconds);
    child.once("message", (findings) => resolve(findings as DeviceFindings));
    child.once("error", ({ message }) => fail(message));
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const last = complaint.trim().split("\n").at(-1);
      fail(`its process ended with ${signal ?? `code ${code}`}${last ? ` (${last})` : ""}`);
    });
  });
}

/** Node cannot run TypeScript: where this file is read as a source, by vitest for example, the built program is taken. */
function examineFile(): string {
  const source = import.meta.url.endsWith(".ts");
  return fileURLToPath(
    new URL(source ? "../../dist/doctor/examine-process.js" : "./examine-process.js", import.meta.url),
  );
}
