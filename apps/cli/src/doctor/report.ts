import type { Claim } from "@relpos/conformance/claims";
import type { BackendDetails, DType } from "@relpos/core/backend";
import type { Machine } from "@relpos/lab";

/** What `relpos doctor --json` prints. */
export interface DoctorReport {
  readonly format: "relpos-doctor";
  readonly formatVersion: 1;
  readonly relpos: string;
  readonly machine: Machine;
  readonly backends: readonly BackendReport[];
}

/** A backend with its devices, or why it cannot be loaded and what to do. */
export type BackendReport = { readonly name: string } & (
  | {
      readonly loaded: true;
      readonly version: string;
      readonly summary: string;
      readonly devices: readonly DeviceReport[];
    }
  | { readonly loaded: false; readonly reason: string; readonly remedy: string }
);

/** What a device can do, or why it cannot be started. */
export type DeviceReport = { readonly device: string } & DeviceFindings;

export type DeviceFindings =
  | {
      readonly ready: true;
      readonly details: BackendDetails;
      readonly dtypes: readonly DType[];
      readonly claims: readonly Claim[];
      /** Until the first result, from the package's import on. */
      readonly milliseconds: number;
    }
  | { readonly ready: false; readonly reason: string };
