import { elementCount, RelposError, UnsupportedError } from "@relpos/core";
import type { KernelType } from "@relpos/core/backend";
import type { Device } from "../device/device.js";
import type { TfjsDType, TfjsTensor } from "../device/tfjs-tensor.js";

/**
 * What a kernel makes, of a type; all else that it makes on its way is freed, when it fails too. It is not asked for
 * what is empty. Errors of TensorFlow.js then name the operation, the element type and the device.
 */
export function tidily(device: Device, operation: string, type: KernelType, kernel: () => TfjsTensor): TfjsTensor {
  const empty = (): TfjsTensor => device.fill(type.shape, type.dtype as TfjsDType, 0);
  try {
    return device.tidy(elementCount(type.shape) === 0 ? empty : kernel);
  } catch (error) {
    const unsupported = error instanceof UnsupportedError;
    if (error instanceof RelposError && !unsupported) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `fails for ${type.dtype} on ${device.name}: ${reason}`;
    throw new (unsupported ? UnsupportedError : RelposError)(operation, message, { cause: error });
  }
}
