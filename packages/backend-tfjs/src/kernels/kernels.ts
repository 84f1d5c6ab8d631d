import type { Kernel, KernelTable } from "@relpos/core/backend";
import type { Device } from "../device/device.js";
import type { TfjsTensor } from "../device/tfjs-tensor.js";
import { contraction } from "./contraction.js";
import * as gpu from "./gpu/rows.js";
import * as memory from "./memory/rows.js";
import { shared } from "./shared.js";
import { tidily } from "./tidy.js";

/** Every primitive on a device. */
export function kernelsOn(device: Device): KernelTable<TfjsTensor> {
  const table: KernelTable<TfjsTensor> = {
    ...shared(device),
    ...contraction(device),
    ...(device.hasMemory() ? memory.rows(device) : gpu.rows(device)),
  };
  const rows = Object.entries(table).map(([operation, kernel]) => {
    const tidy: Kernel<TfjsTensor, never> = (call) => {
      return tidily(device, operation, call.outputType, () => (kernel as typeof tidy)(call));
    };
    return [operation, tidy];
  });
  return Object.fromEntries(rows) as KernelTable<TfjsTensor>;
}
