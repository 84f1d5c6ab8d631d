export type { OrtTensor } from "@relpos/onnx";
export { createOrtWebBackend, type OrtWebOptions } from "./create.js";
export { provider } from "./provider.js";
export type { Device, WasmPaths } from "./worker-options.js";
