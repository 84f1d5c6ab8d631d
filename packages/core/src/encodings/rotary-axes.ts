import { concat, constant, gather, reshape, slice } from "../primitives/operations.js";
import { tensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt } from "./angles.js";
import { mapRotations, overBatch } from "./rotation.js";

/** What a pair of coordinates turns by: the position along one axis × a frequency. */
export interface AxisPair {
  readonly axis: number;
  readonly frequency: number;
}

/**
 * Cosines and sines of pairs that follow several axes: whole positions [axes, B or 1, S] → [B or 1, S, pairs]. Positions
 * [S] or [B, S] are those of every axis.
 */
export function axisRotations(positions: Tensor, pairs: readonly AxisPair[]): Rotations {
  if (positions.rank < 3) {
    const frequencies = pairs.map(({ frequency }) => frequency);
    return mapRotations(rotationsAt(positions, frequencies), overBatch);
  }
  const axes = [...new Set(pairs.map(({ axis }) => axis))];
  const parts = axes.map((axis) => {
    const along = reshape(slice(positions, { 0: [axis, axis + 1] }), positions.shape.slice(1));
    const own = pairs.filter((pair) => pair.axis === axis);
    return rotationsAt(
      along,
      own.map(({ frequency }) => frequency),
    );
  });
  const grouped = axes.flatMap((axis) => pairs.flatMap((pair, index) => (pair.axis === axis ? [index] : [])));
  const order = pairs.map((_, index) => grouped.indexOf(index));
  const inOrder = (tables: readonly Tensor[]): Tensor => {
    const joined = concat(tables, -1);
    if (order.every((place, index) => place === index)) return joined;
    return gather(joined, constant(tensor(order, [order.length], "int32")), -1);
  };
  return { cos: inOrder(parts.map(({ cos }) => cos)), sin: inOrder(parts.map(({ sin }) => sin)) };
}
