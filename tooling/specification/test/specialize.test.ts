import { attention, dimension, iota, mul, print, reshape, softmax, type TensorSpec, trace } from "@relpos/core";
import { specialize } from "@relpos/core/backend";
import { expect, test } from "vitest";

/** Primitives with sizes among their attributes, and composites. */
const graphOf = (batch: TensorSpec["shape"][number], length: TensorSpec["shape"][number]) => {
  const shape = [batch, 2, length, 4];
  return trace(
    (query, key, value) => {
      const { output } = attention(query, key, value, { causal: true });
      const scale = mul(iota([batch, 2, length, 4], 2, "float32"), 0.5);
      return [softmax(reshape(mul(output, scale), [batch, length, 8]))];
    },
    { name: "query", shape, dtype: "float32" },
    { name: "key", shape, dtype: "float32" },
    { name: "value", shape, dtype: "float32" },
  );
};

test("a graph with names is, for given sizes, the graph that is traced with these sizes", () => {
  const named = graphOf(dimension("batch"), dimension("length"));
  const sizes = new Map([
    ["batch", 3],
    ["length", 0],
  ]);
  expect(print(specialize(named, sizes))).toBe(print(graphOf(3, 0)));
});

test("every name must have a value", () => {
  expect(() => specialize(graphOf(dimension("batch"), 5), new Map())).toThrow(
    '[evaluateDim] dimension "batch" has no value in this run',
  );
});
