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
  backend.device.addEventListener("uncapturederror", (event) => {
    const { error } = event as Event & { readonly error: { readonly message: string } };
    failure ??= new RelposError("run", `WebGPU: ${error.message}`);
  });
  const throwFailure = (): void => {
    if (failure) throw failure;
  };
  const { adapterInfo: gpu } = backend.device as {
    readonly adapterInfo?: Readonly<Record<"vendor" | "architecture", string>>;
  };
  return new Device("webgpu", backend, {
    throwFailure,
    details: gpu ? { gpu: `${gpu.vendor} ${gpu.architecture}` } : {},
  });
}
