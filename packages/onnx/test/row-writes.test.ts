import { add, type Graph, neg, type Tensor, tensorScatter, trace } from "@relpos/core";
import { expect, test } from "vitest";
import { withRowWrites } from "../src/session/row-writes.js";

const cache = { shape: [1, 2, 8, 4], dtype: "float32" } as const;
const rows = { shape: [1, 2, 1, 4], dtype: "float32" } as const;
const indices = { shape: [1], dtype: "int32" } as const;

const traced = (f: (cache: Tensor, rows: Tensor, at: Tensor) => readonly Tensor[]): Graph =>
  trace((x, y, at) => f(x!, y!, at!), cache, rows, indices);
/** What becomes of the donation of input 0 to output 0. */
const planned = (graph: Graph) => withRowWrites(graph, [{ input: graph.inputs[0]!, output: 0 }]);

test("rows for a donated cache are the output, to be written where the indices say", () => {
  const { graph, writes, donations } = planned(traced((x, y, at) => [tensorScatter(x, neg(y), at)]));
  expect(writes).toEqual([{ output: 0, cache: 0, indices: 2 }]);
  expect(graph.outputs[0]?.shape).toEqual([1, 2, 1, 4]);
  expect(graph.inputs).toHaveLength(3);
  expect(donations).toEqual([]);
});

test.each<[string, Graph]>([
  ["another operation", traced((x, y) => [add(x, y)])],
  ["the cache that is written is computed", traced((x, y, at) => [tensorScatter(neg(x), y, at)])],
  ["indices that are computed", traced((x, y, at) => [tensorScatter(x, y, add(at, 1))])],
  [
    "two outputs at once",
    traced((x, y, at) => {
      const written = tensorScatter(x, y, at);
      return [written, written];
    }),
  ],
])("not for %s", (_, graph) => {
  const { writes, donations } = planned(graph);
  expect(writes).toEqual([]);
  expect(donations).toHaveLength(1);
});

test("not without a donation", () => {
  const graph = traced((x, y, at) => [tensorScatter(x, y, at)]);
  expect(withRowWrites(graph, []).graph).toBe(graph);
});
