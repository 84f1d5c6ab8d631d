import { constantValue } from "../graph/fold.js";
import { add, concat, iota, slice, sub } from "../primitives/operations.js";
import { addDims, type Dim, subtractDims } from "../tensor/dimension.js";
import type { PrimitiveNode } from "../tensor/node.js";
import type { Tensor } from "../tensor/tensor.js";

/** Positions of queries [Q] or [B, Q] and of keys [K] or [B, K]. */
export interface Places {
  readonly query: Tensor;
  readonly key: Tensor;
}

/** Which positions certainly count up by one, by how they were made. */
const ranges: { readonly [N in PrimitiveNode["op"]]?: (inputs: readonly Tensor[]) => boolean } = {
  iota: () => true,
  slice: ([x]) => isRange(x as Tensor),
  add: (inputs) => inputs.some(isRange) && inputs.some(isScalar),
  sub: ([a, b]) => isRange(a as Tensor) && isScalar(b as Tensor),
};

const isScalar = (x: Tensor): boolean => x.rank === 0;

/** Whether positions are certainly p, p + 1, p + 2, … for all rows alike: seen from how they were made, before any run. */
export function isRange(positions: Tensor): boolean {
  if (positions.rank !== 1) return false;
  const value = constantValue(positions);
  if (value) return value.data.every((position, index) => position === (value.data[0] as number) + index);
  const { node } = positions;
  return node?.kind === "primitive" && (ranges[node.op]?.(node.inputs) ?? false);
}

/**
 * All distances key − query that occur, in rising order: int32 [Q + K + 1], where entry n is the distance of a pair
 * (i, j) with j − i + Q = n. The first and the last, for which there is no pair, repeat their neighbours. Undefined
 * unless both positions are ranges.
 */
export function distanceRange({ query, key }: Places): Tensor | undefined {
  if (!isRange(query) || !isRange(key)) return undefined;
  const [queries, keys] = [query.shape[0] as Dim, key.shape[0] as Dim];
  const lowest = sub(slice(key, { 0: [0, 1] }), slice(query, { 0: [subtractDims(queries, 1), queries] }));
  const inner = add(iota([subtractDims(addDims(queries, keys), 1)]), lowest);
  const highest = sub(slice(key, { 0: [subtractDims(keys, 1), keys] }), slice(query, { 0: [0, 1] }));
  return concat([lowest, inner, highest], 0);
}
