export { createTfjsBackend, type TfjsOptions } from "./create.js";
export type { DeviceName, TfjsDType, TfjsTensor } from "./device/device.js";
export type { WasmFile, WasmPaths } from "./device/wasm-files.js";
export { provider } from "./provider.js";
