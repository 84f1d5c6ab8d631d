import type { Device } from "../../device/device.js";
import type { DeviceRows } from "../rows.js";
import { elementwise } from "./elementwise.js";
import { gathering } from "./gathering.js";
import { movement } from "./movement.js";
import { reduction } from "./reduction.js";

/** Rows of webgl and webgpu. */
export function rows(device: Device): DeviceRows {
  return { ...elementwise(device), ...movement(device), ...gathering(device), ...reduction(device) };
}
