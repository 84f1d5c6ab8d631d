import type { Backend, BackendProvider } from "@relpos/core/backend";
import { messageOf } from "./message-of.js";

/** Backends by name, each loaded when it is first chosen. */
const providers: Readonly<Record<string, () => Promise<{ readonly provider: BackendProvider }>>> = {
  "ort-web": () => import("@relpos/backend-ort-web"),
  tfjs: () => import("@relpos/backend-tfjs"),
};

/** What runs in every browser. */
export const usualBackend = "ort-web:wasm";

/** A backend that cannot be had here. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly choice: string;

  constructor(choice: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.choice = choice;
  }
}

/** Starts the backend that `name:device` stands for. Errors with the reason when it cannot be started. */
export async function startBackend(choice: string): Promise<Backend> {
  const [name = "", device = ""] = choice.split(":");
  const load = providers[name];
  if (!load) throw new BackendError(choice, `there is no backend ${choice}`);
  const missing = await lacks[device]?.();
  if (missing) throw new BackendError(choice, missing);
  try {
    const { provider } = await load();
    return await provider.create({ device });
  } catch (error) {
    throw new BackendError(choice, `${choice} cannot be started: ${messageOf(error)}`, { cause: error });
  }
}

/** What this browser lacks for a device, where that can be said before anything is loaded. */
const lacks: Readonly<Record<string, () => Promise<string | undefined>>> = {
  webgpu: async () => {
    const { gpu } = navigator as { readonly gpu?: { requestAdapter(): Promise<unknown> } };
    if (!gpu) return "this browser has no WebGPU";
    return (await gpu.requestAdapter()) ? undefined : "WebGPU finds no GPU here";
  },
};

/** A backend and what it runs on, as it says itself: `ort-web:wasm, onnxruntime-web 1.30.0, threads 2, isolated`. */
export function describeBackend({ name, details = {} }: Backend): string {
  const words = Object.entries(details).map(([key, value]) => {
    if (typeof value === "boolean") return value ? key : `not ${key}`;
    return `${key} ${value}`;
  });
  return [name, ...words].join(", ");
}
