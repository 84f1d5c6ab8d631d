import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { differentiated, randomGraph, runOn } from "@relpos/conformance/cases";
import { type Graph, graph, type HostTensor, hash, print, simplify, Tensor, verify } from "@relpos/core";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { checkGradients } from "../src/check-gradients.js";
import { graphRecipes } from "../src/graph-recipes.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

test("gradients of random graphs agree with central differences", async () => {
  await fc.assert(
    fc.asyncProperty(graphRecipes, (recipe) => checkGradients(backend, randomGraph(recipe))),
    { numRuns: 150 },
  );
});

test("simplified graphs are well formed, no larger, stable, and compute the same", async () => {
  const evaluate = async (source: Graph, inputs: readonly HostTensor[]) => {
    const executable = await backend.compile(source);
    return await runOn(backend, executable, source.inputs, inputs);
  };
  await fc.assert(
    fc.asyncProperty(graphRecipes, async (recipe) => {
      const gradientCase = randomGraph(recipe);
      const { loss, gradients, tensors } = differentiated(gradientCase);
      const source = graph(tensors, [loss, ...gradients]);
      const simple = simplify(source);
      verify(source);
      verify(simple);
      expect(simple.nodes.length).toBeLessThanOrEqual(source.nodes.length);
      expect(print(simplify(simple))).toBe(print(simple));
      const [expected, actual] = [
        await evaluate(source, gradientCase.inputs),
        await evaluate(simple, gradientCase.inputs),
      ];
      actual.forEach((value, index) => {
        expectClose(value, expected[index] as HostTensor, "composite", { length: 200, magnitude: 10 });
      });
    }),
    { numRuns: 100 },
  );
});

test("equal computations print and hash equally, different ones do not", () => {
  const make = (factor: number) => {
    const x = Tensor.input({ shape: [2], dtype: "float32" }, "x");
    return graph([x], [x.mul(factor).add(x)]);
  };
  expect(print(make(2))).toMatchInlineSnapshot(`
    "graph($x: float32[2]) {
      %0: float32[] = constant<value=2>()
      %1: float32[2] = mul($x, %0)
      %2: float32[2] = add(%1, $x)
      return %2
    }"
  `);
  expect(hash(make(2))).toBe(hash(make(2)));
  expect(hash(make(2))).not.toBe(hash(make(3)));
});
