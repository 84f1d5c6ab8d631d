export { createReferenceBackend, referenceDefinition } from "./backend.js";
export { provider } from "./provider.js";
export type { ReferenceData, ReferenceTensor } from "./reference-tensor.js";
