import { createReferenceBackend } from "@relpos/backend-reference";
import type { Backend } from "@relpos/core/backend";
import { expect, test } from "vitest";
import { claimsOf } from "./claims.js";

const reference = createReferenceBackend() as Backend;

test("every composite is asked about, and a backend that fuses nothing claims none", () => {
  for (const { composite, claimed, calls } of claimsOf(reference)) {
    expect(calls, composite).toBeGreaterThan(0);
    expect(claimed, composite).toBe(0);
  }
});

test("claims are counted call by call, over the element types that the backend has", () => {
  const softmaxOfFloats: Backend = {
    ...reference,
    dtypes: new Set(["float32", "int32", "bool"]),
    supports: ({ name, inputs, attributes }) =>
      name === "softmax" && inputs[0]?.dtype === "float32" && attributes.axis === inputs[0].shape.length - 1,
  };
  const claims = claimsOf(softmaxOfFloats);
  const all = claimsOf(reference);
  const of = (composite: string, from = claims) => from.find((claim) => claim.composite === composite)!;
  expect(of("softmax").claimed).toBeGreaterThan(0);
  expect(of("softmax").claimed).toBeLessThan(of("softmax").calls);
  expect(of("softmax").calls).toBeLessThan(of("softmax", all).calls);
  expect(of("logSoftmax").claimed).toBe(0);
});
