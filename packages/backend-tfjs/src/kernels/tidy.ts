import { elementCount, RelposError } from "@relpos/core";
import type { KernelType } from "@relpos/core/backend";
import type { Device, TfjsDType, TfjsTensor } from "../device/device.js";

/**
 * What a kernel makes, of a type; all else that it makes on its way is freed, when it fails too. It is not asked for
 * what is empty. Errors name the operation.
 */
export function tidily(device: Device, operation: string, type: KernelType, kernel: () => TfjsTensor): TfjsTensor {
  const empty = (): TfjsTensor => device.fill(type.shape, type.dtype as TfjsDType, 0);
  try {
    return device.tidy(elementCount(type.shape) === 0 ? empty : kernel);
  } catch (error) {
    if (error instanceof RelposError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RelposError(operation, `TensorFlow.js on ${device.name}, ${type.dtype}: ${reason}`, { cause: error });
  }
}
