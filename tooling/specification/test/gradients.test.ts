import { createReferenceBackend } from "@relpos/backend-reference";
import { compositeGradients, primitiveGradients } from "@relpos/conformance/cases";
import { afterAll, describe, test } from "vitest";
import { checkGradients } from "../src/check-gradients.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

describe.each([
  ["primitives", primitiveGradients],
  ["composites", compositeGradients],
])("gradients of %s agree with central differences", (_, cases) => {
  test.each(Object.entries(cases))("%s", async (_, list) => {
    for (const gradientCase of list) await checkGradients(backend, gradientCase);
  });
});
