import { afterAll, describe, test } from "vitest";
import { createTfjsBackend } from "../src/index.js";
import { expectReference, ownCases } from "./own-cases.js";

describe.each(["cpu", "wasm"] as const)("%s agrees with the reference", async (device) => {
  const backend = await createTfjsBackend({ device });
  afterAll(() => backend.close());
  test.each(Object.entries(ownCases))("%s", (_, ownCase) => expectReference(backend, ownCase));
});
