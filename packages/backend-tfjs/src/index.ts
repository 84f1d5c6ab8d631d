export { createTfjsBackend, type TfjsOptions } from "./create.js";
export type { DeviceName, TfjsDType, TfjsTensor } from "./device/tfjs-tensor.js";
export type { WasmFile, WasmPaths } from "./device/wasm-files.js";
export { provider } from "./provider.js";
