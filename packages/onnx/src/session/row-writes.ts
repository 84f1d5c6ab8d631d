import { type Graph, graph, type Tensor } from "@relpos/core";
import type { Donation } from "@relpos/core/backend";
import type { RowWrite } from "./service.js";

/** A graph whose caches are written after it ran: an output of each is the new rows instead of the whole. */
export interface WithRowWrites {
  readonly graph: Graph;
  readonly writes: readonly RowWrite[];
  /** Donations that are left to the run itself. */
  readonly donations: readonly Donation[];
}

/**
 * Takes out of a graph what only writes rows into a donated input: `tensorScatter` at indices that are an input. Where
 * tensors lie in the host's memory whoever holds them can write the rows there, and the cache is neither copied nor moved.
 */
export function withRowWrites(source: Graph, donations: readonly Donation[]): WithRowWrites {
  const writes = donations.flatMap(({ input, output }): readonly RowWrite[] => {
    const result = source.outputs[output];
    const node = result?.node;
    if (!result || node?.op !== "tensorScatter" || node.inputs[0] !== input) return [];
    if (source.outputs.indexOf(result) !== source.outputs.lastIndexOf(result)) return [];
    const [cache, indices] = [source.inputs.indexOf(input), source.inputs.indexOf(node.inputs[2] as Tensor)];
    if (cache < 0 || indices < 0) return [];
    return [{ output, cache, indices }];
  });
  if (writes.length === 0) return { graph: source, writes, donations };
  const outputs = source.outputs.map((output, index) => {
    return writes.some((write) => write.output === index) ? (output.node?.inputs[1] as typeof output) : output;
  });
  return {
    graph: graph(source.inputs, outputs),
    writes,
    donations: donations.filter(({ output }) => !writes.some((write) => write.output === output)),
  };
}
