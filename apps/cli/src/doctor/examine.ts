import { claimsOf } from "@relpos/conformance/claims";
import { check, matMul, run, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { ruleOf } from "@relpos/lab";
import { type BackendRequest, chooseBackend, startBackend } from "../backends/load.js";
import { CliError, oneLine } from "../errors.js";
import type { DeviceFindings } from "./report.js";

/** Starts a backend, computes something and asks what it claims. */
export async function examine(request: BackendRequest): Promise<DeviceFindings> {
  const start = performance.now();
  try {
    const backend = await startBackend(await chooseBackend(request));
    try {
      await compute(backend);
      const milliseconds = performance.now() - start;
      const { details = {}, dtypes } = backend;
      return { ready: true, details, dtypes: [...dtypes], claims: claimsOf(backend), milliseconds };
    } finally {
      await backend.close();
    }
  } catch (error) {
    // The program's own error has advice for a comparison; what the backend said is its cause.
    const said = error instanceof CliError ? (error.cause ?? error) : error;
    return { ready: false, reason: oneLine(said instanceof Error ? ruleOf(said) : String(said)) };
  }
}

/** A device that starts may still not compute. */
async function compute(backend: Backend): Promise<void> {
  const square = tensor([1, 2, 3, 4], [2, 2]);
  const { data } = await run(backend, (x) => matMul(x, x), square);
  const right = [7, 10, 15, 22].every((value, index) => data[index] === value);
  check(right, "doctor", () => `[[1, 2], [3, 4]]² must be 7, 10, 15, 22, got ${data.join(", ")}`);
}
