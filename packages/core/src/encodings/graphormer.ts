import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { abs, add, gather, iota, less, minimum, mul, reshape, sub, where } from "../primitives/operations.js";
import { type Dim, productOfDims } from "../tensor/dimension.js";
import { type HostTensor, tensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { relativePositions } from "./distance.js";
import { biasOfRows } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import type { Places } from "./position-range.js";

/** Distances that are none: between nodes that no path joins, and between the virtual node and any. */
export const noPath = -1;
export const virtualNode = -2;

/** Number of edges on the shortest path between any two nodes of an undirected graph, int32 [nodes, nodes], or −1. */
export function shortestPathDistances(nodes: number, edges: readonly (readonly [number, number])[]): HostTensor {
  const neighbours = Array.from({ length: nodes }, (): number[] => []);
  for (const [a, b] of edges) {
    check(
      [a, b].every((node) => Number.isInteger(node) && node >= 0 && node < nodes),
      "graphormer",
      () => {
        return `nodes of an edge must be below ${nodes}, got ${a} and ${b}`;
      },
    );
    neighbours[a]?.push(b);
    neighbours[b]?.push(a);
  }
  const distances = new Int32Array(nodes * nodes).fill(noPath);
  for (let start = 0; start < nodes; start++) {
    distances[start * nodes + start] = 0;
    const queue = [start];
    for (const node of queue) {
      for (const next of neighbours[node] as number[]) {
        if (distances[start * nodes + next] !== noPath) continue;
        distances[start * nodes + next] = (distances[start * nodes + node] as number) + 1;
        queue.push(next);
      }
    }
  }
  return tensor(distances, [nodes, nodes], "int32");
}

/** Distances with a virtual node before the others: −2 between it and any node, itself included. */
export function withVirtualNode({ shape, data }: HostTensor): HostTensor {
  const nodes = shape[0] as number;
  const size = nodes + 1;
  const distances = new Int32Array(size * size).fill(virtualNode);
  for (let node = 0; node < nodes; node++) {
    distances.set(Int32Array.from(data.subarray(node * nodes, (node + 1) * nodes)), (node + 1) * size + 1);
  }
  return tensor(distances, [size, size], "int32");
}

export interface GraphormerOptions {
  /** Distances of nodes, int32 [N, N] or [B, N, N]; positions are nodes. Default: |i − j|, a sequence as a path. */
  readonly distances?: Tensor;
  /** Distance from which on all share a row. Default 510. */
  readonly maximumDistance?: number;
}

/**
 * Graphormer's spatial encoding: a trained bias for each head and length of the shortest path between two nodes.
 *
 * b_h(i, j) = W[φ(v_i, v_j), h], with a row of its own for nodes that no path joins and one for the virtual node. Ying
 * et al., arXiv:2106.05234, from the formula. Symmetric for undirected graphs. The encoding of the edges along the path is
 * not done.
 */
export function graphormer(options: GraphormerOptions = {}): EncodingWith<"bias" | "parameters", "table"> {
  const { distances, maximumDistance = 510 } = options;
  return defineEncoding({
    kind: "graphormer",
    settings: { distances: distances?.shape ?? "path", maximumDistance },
    cache: "rotated-keys",
    maximumPositions: distances ? (distances.shape.at(-1) as number) : undefined,
    parameters: ({ heads }) => ({
      table: { shape: [maximumDistance + 3, heads], initialize: normal(0.02), decay: false },
    }),
    bias: ({ parameters: { table }, query, key }) => {
      const at = { query, key };
      const pairs = distances ? distancesAt(distances, at) : abs(relativePositions(query, key));
      const rows = where(less(pairs, 0), sub(maximumDistance, pairs), minimum(pairs, maximumDistance));
      return biasOfRows(table, rows);
    },
  });
}

/** Entries of a matrix [N, N] or [B, N, N] for every pair: [Q, K] or [B, Q, K]. */
function distancesAt(distances: Tensor, { query, key }: Places): Tensor {
  const nodes = distances.shape.at(-1) as number;
  const row = reshape(key, [...key.shape.slice(0, -1), 1, key.shape.at(-1) as Dim]);
  const index = add(mul(reshape(query, [...query.shape, 1]), nodes), row);
  const flat = reshape(distances, [productOfDims(distances.shape)]);
  if (distances.rank === 2) return gather(flat, index);
  return gather(flat, add(index, mul(iota([distances.shape[0] as Dim, 1, 1]), nodes * nodes)));
}
