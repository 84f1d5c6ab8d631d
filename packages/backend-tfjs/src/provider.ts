import type { BackendProvider } from "@relpos/core/backend";
import { createTfjsBackend, deviceNames, type TfjsOptions } from "./create.js";

/** TensorFlow.js, for programs that choose a backend by its name. */
export const provider: BackendProvider = {
  name: "tfjs",
  summary: "TensorFlow.js, in Node and in browsers",
  devices: deviceNames,
  create: ({ device, threads } = {}) =>
    createTfjsBackend({
      ...(device === undefined ? {} : { device: device as NonNullable<TfjsOptions["device"]> }),
      ...(threads === undefined ? {} : { threads }),
    }),
};
