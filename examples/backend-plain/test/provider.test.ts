import { expectClose } from "@relpos/conformance";
import { run, softmax, tensor } from "@relpos/core";
import { describe, expect, test } from "vitest";
import { provider } from "../src/index.js";

describe("provider", () => {
  test("starts the backend", async () => {
    const backend = await provider.create();
    const third = await run(backend, (x) => softmax(x), tensor([5, 5, 5], [1, 3]));
    expectClose(third, tensor([1 / 3, 1 / 3, 1 / 3], [1, 3]), "composite");
    await backend.close();
  });

  test("has no other device", async () => {
    await expect(provider.create({ device: "gpu" })).rejects.toThrow(
      "[createPlainBackend] device must be cpu, got gpu",
    );
  });
});
