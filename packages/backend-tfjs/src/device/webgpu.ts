import { RelposError } from "@relpos/core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { Device } from "./device.js";
import { start } from "./start.js";

/** WebGPU, in browsers. */
export async function openWebgpu(): Promise<Device> {
  await import("@tensorflow/tfjs-backend-webgpu");
  const backend = await start<WebGPUBackend>("webgpu");
  // A kernel that the GPU refuses leaves its result as it is; WebGPU tells so later, and not to whom that happened.
  let failure: Error | undefined;
  const notice = (event: Event): void => {
    const { error } = event as Event & { readonly error: { readonly message: string } };
    failure ??= new RelposError("run", `WebGPU: ${error.message}`);
  };
  const listening = new AbortController();
  backend.device.addEventListener("uncapturederror", notice as never, { signal: listening.signal });
  const throwFailure = (): void => {
    if (failure) throw failure;
  };
  const { adapterInfo: gpu } = backend.device as {
    readonly adapterInfo?: Readonly<Record<"vendor" | "architecture", string>>;
  };
  const details = gpu ? { gpu: `${gpu.vendor} ${gpu.architecture}` } : {};
  return new Device("webgpu", backend, { throwFailure, details, close: () => listening.abort() });
}
