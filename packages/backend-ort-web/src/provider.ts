import type { BackendProvider } from "@relpos/core/backend";
import { createOrtWebBackend, type OrtWebOptions } from "./create.js";

/** ONNX Runtime for the web, for programs that choose a backend by its name. */
export const provider: BackendProvider = {
  name: "ort-web",
  summary: "ONNX Runtime in WebAssembly and on WebGPU, for browsers",
  devices: ["wasm", "webgpu"],
  create: ({ device, threads } = {}) =>
    createOrtWebBackend({
      ...(device === undefined ? {} : { device: device as NonNullable<OrtWebOptions["device"]> }),
      ...(threads === undefined ? {} : { threads }),
    }),
};
