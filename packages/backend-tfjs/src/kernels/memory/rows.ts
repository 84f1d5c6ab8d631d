import type { MemoryDevice } from "../../device/device.js";
import type { DeviceRows } from "../rows.js";
import { elementwise } from "./elementwise.js";
import { gathering } from "./gathering.js";
import { movement } from "./movement.js";
import { reduction } from "./reduction.js";

/** Rows of cpu and wasm. */
export function rows(device: MemoryDevice): DeviceRows {
  return { ...elementwise(device), ...movement(device), ...gathering(device), ...reduction(device) };
}
