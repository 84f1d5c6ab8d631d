export { createPlainBackend, provider } from "./backend.js";
export type { PlainTensor } from "./tensor.js";
