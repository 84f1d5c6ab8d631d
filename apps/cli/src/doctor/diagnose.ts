import { loadProvider, locateBackend } from "../backends/load.js";
import { versionAt } from "../backends/locate.js";
import { CliError } from "../errors.js";
import { describeMachine, packageVersion } from "../machine.js";
import { examineApart } from "./examine-apart.js";
import type { BackendReport, DeviceReport, DoctorReport } from "./report.js";

export interface DiagnoseOptions {
  /** Short names, packages or paths. */
  readonly backends: readonly string[];
  /** How many seconds a device may take to answer. */
  readonly timeLimit: number;
  /** Called before each device. */
  readonly onDevice?: (name: string) => void;
}

/** Starts every device of some backends, one after another, and tells what each can do. Errors for none of them. */
export async function diagnose({ backends, timeLimit, onDevice }: DiagnoseOptions): Promise<DoctorReport> {
  const reports: BackendReport[] = [];
  for (const name of backends) reports.push(await diagnoseBackend(name));
  return {
    format: "relpos-doctor",
    formatVersion: 1,
    relpos: packageVersion(),
    machine: describeMachine(),
    backends: reports,
  };

  async function diagnoseBackend(name: string): Promise<BackendReport> {
    try {
      const { summary, devices } = await loadProvider(name);
      const reports: DeviceReport[] = [];
      for (const device of devices) {
        onDevice?.(`${name}:${device}`);
        reports.push({ device, ...(await examineApart({ backend: name, device }, timeLimit)) });
      }
      const version = versionAt(locateBackend(name)) ?? "unknown";
      return { name, loaded: true, version, summary, devices: reports };
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return {
        name,
        loaded: false,
        reason: error.message.replace(`--backend ${name}`, "").replace(/^:? /, ""),
        remedy: error.remedy,
      };
    }
  }
}
