import type { KnownFailure } from "@relpos/conformance";
import type { BackendProvider } from "@relpos/core/backend";

interface Tested {
  /** As the command takes it: `BACKEND:DEVICE`. */
  readonly name: string;
  /** Imports the backend's package. */
  load(): Promise<{ readonly provider: BackendProvider }>;
  readonly device: string;
  readonly threads?: number;
  readonly knownFailures?: readonly KnownFailure[];
}

/** A backend on a device that Node can run. */
export interface NodeSubject extends Tested {
  readonly where: "node";
  /** Variables of the environment that it needs. Errors, telling what to do, where one cannot be had. */
  environment?(): Readonly<Record<string, string>>;
}

/** A backend on a device of the browser. */
export interface ChromiumSubject extends Tested {
  readonly where: "chromium";
  /** Whether the page needs WebGPU. Default `false`. */
  readonly webgpu?: boolean;
  /** Whether the page is cross-origin isolated, so that there are threads. Default `false`. */
  readonly isolated?: boolean;
}

export type TestedSubject = NodeSubject | ChromiumSubject;
