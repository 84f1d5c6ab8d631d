import { join } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import type { Backend } from "@relpos/core/backend";
import { describe, test } from "vitest";
import { caseNames, checkCase } from "./cases.js";

// Two of the cases that *.checkpoints.test.ts reads in full: a decoder in bfloat16 and an encoder.
const folder = join(import.meta.dirname, "fixtures");

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  reference: async () => createReferenceBackend() as Backend,
  "ort-node": async () => (await createOrtNodeBackend({ device: "cpu", threads: 1 })) as Backend,
};

describe.each(Object.entries(backends))("%s", (_, create) => {
  test.each(caseNames(folder))("%s", async (name) => {
    const backend = await create();
    try {
      await checkCase(join(folder, name), backend);
    } finally {
      await backend.close();
    }
  });
});
