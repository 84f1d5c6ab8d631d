export type { OrtTensor } from "@relpos/onnx";
export { createOrtNodeBackend, type OrtNodeOptions } from "./create.js";
export { provider } from "./provider.js";
