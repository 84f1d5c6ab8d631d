import { check } from "@relpos/core";
import type { BackendProvider } from "@relpos/core/backend";
import { createReferenceBackend } from "./backend.js";

/** The oracle, for programs that choose a backend by its name. */
export const provider: BackendProvider = {
  name: "reference",
  summary: "plain TypeScript in 64 bits, slow: for checking",
  devices: ["cpu"],
  create: async ({ device = "cpu" } = {}) => {
    check(device === "cpu", "createReferenceBackend", () => `device must be cpu, got ${device}`);
    return createReferenceBackend();
  },
};
