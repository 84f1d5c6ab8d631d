import { join, resolve } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import type { Backend } from "@relpos/core/backend";
import { afterAll, beforeAll, describe, test } from "vitest";
import { caseNames, checkCase } from "./cases.js";

// Every checkpoint of RELPOS_CHECKPOINTS against the outputs that transformers computed for it.
const folder = resolve(process.env.RELPOS_CHECKPOINTS ?? "checkpoints");
const names = caseNames(folder);

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  reference: async () => createReferenceBackend() as Backend,
  "ort-node": async () => (await createOrtNodeBackend({ device: "cpu", threads: 1 })) as Backend,
};

describe.each(Object.entries(backends))("%s", (_, create) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.close());

  test.each(names)("%s", (name) => checkCase(join(folder, name), backend), 300_000);
});
