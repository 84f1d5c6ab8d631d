import { check } from "../errors.js";
import {
  expand,
  gatherElements,
  iota,
  less,
  lessOrEqual,
  logicalAnd,
  maximum,
  minimum,
  reshape,
  slice,
  sub,
  where,
} from "../primitives/operations.js";
import { addDims, type Dim, equalDims, printShape } from "../tensor/dimension.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applySingle, defineComposite } from "./composite.js";

const tensorScatterComposite = defineComposite<Record<never, never>>({
  name: "tensorScatter",
  infer: (inputs) => {
    const [past, update, indices] = inputs as readonly [TensorType, TensorType, TensorType];
    const fits =
      past.shape.length === 4 &&
      update.shape.length === 4 &&
      [0, 1, 3].every((axis) => equalDims(past.shape[axis] as Dim, update.shape[axis] as Dim));
    check(fits, "tensorScatter", () => {
      return `past [B, H, C, D] and update [B, H, S, D] must agree but in length, got ${printShape(past.shape)} and ${printShape(update.shape)}`;
    });
    const perRow = indices.shape.length === 1 && equalDims(indices.shape[0] as Dim, past.shape[0] as Dim);
    check(perRow && indices.dtype === "int32", "tensorScatter", () => {
      return `write indices must be int32 [B], got ${indices.dtype} ${printShape(indices.shape)}`;
    });
    return [past];
  },
  decompose: ([past, update, indices]) => {
    const [cache, rows] = [past as Tensor, update as Tensor];
    const [batch, , capacity] = cache.shape as readonly [Dim, Dim, Dim, Dim];
    const length = rows.shape[2] as Dim;
    const row = sub(iota([1, 1, capacity, 1], 2), reshape(indices as Tensor, [batch, 1, 1, 1]));
    const inside = logicalAnd(lessOrEqual(0, row), less(row, sizeOf(length)));
    return [where(inside, placed(rows, row, cache.shape), cache)];
  },
});

/**
 * The rows of an update at each place of a cache: [B, H, S, D] and the row that is due at it, [B, 1, C, 1], → [B, H, C,
 * D] or what broadcasts to it; places without a row get any.
 */
function placed(rows: Tensor, row: Tensor, shape: readonly Dim[]): Tensor {
  const length = rows.shape[2] as Dim;
  if (length === 1) return rows;
  const nearest = maximum(minimum(row, sub(sizeOf(length), 1)), 0);
  return gatherElements(rows, expand(nearest, shape), 2);
}

/** A size as int32 [1], also one that is known only when the graph runs. */
function sizeOf(size: Dim): Tensor {
  const beyond = addDims(size, 1);
  return slice(iota([beyond]), { 0: [size, beyond] });
}

/**
 * Writes rows into a cache: out[b, h, w_b + s, :] = update[b, h, s, :], the past elsewhere; rows beyond the capacity are
 * dropped.
 *
 * past [B, H, C, D], update [B, H, S, D], write indices w int32 [B] → [B, H, C, D]. Donate the past, and a backend may
 * write in place. ONNX TensorScatter-24, whose axis is the last but one here.
 */
export function tensorScatter(past: Tensor, update: Tensor, writeIndices: Tensor): Tensor {
  return applySingle(tensorScatterComposite, [past, update, writeIndices], {});
}
