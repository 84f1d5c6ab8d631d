import type { BackendProvider } from "@relpos/core/backend";
import { createOrtNodeBackend, type OrtNodeOptions } from "./create.js";

/** ONNX Runtime for Node, for programs that choose a backend by its name. */
export const provider: BackendProvider = {
  name: "ort-node",
  summary: "ONNX Runtime, fast",
  devices: ["cpu", "webgpu", "cuda"],
  create: ({ device, threads, accuracyLevel } = {}) =>
    createOrtNodeBackend({
      ...(device === undefined ? {} : { device: device as NonNullable<OrtNodeOptions["device"]> }),
      ...(threads === undefined ? {} : { threads }),
      ...(accuracyLevel === undefined ? {} : { accuracyLevel }),
    }),
};
