import { check } from "../errors.js";
import { cast, equal, gather, iota, matMul, reshape, transposeLast } from "../primitives/operations.js";
import { type Dim, equalShapes, printShape, productOfDims } from "../tensor/dimension.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applySingle, defineComposite } from "./composite.js";
import { blocksOf, dequantizeBlocks } from "./dequantize-blocks.js";

type ScatterAddAttributes = { readonly size: number };

const scatterAddComposite = defineComposite<ScatterAddAttributes>({
  name: "scatterAdd",
  infer: (inputs, { size }) => {
    const [indices, updates] = inputs as readonly [TensorType, TensorType];
    check(indices.dtype === "int32", "scatterAdd", () => `indices must be int32, got ${indices.dtype}`);
    const rank = indices.shape.length;
    check(equalShapes(updates.shape.slice(0, rank), indices.shape), "scatterAdd", () => {
      return `updates must begin with the indices' shape ${printShape(indices.shape)}, got ${printShape(updates.shape)}`;
    });
    return [{ shape: [size, ...updates.shape.slice(rank)], dtype: updates.dtype }];
  },
  /** One-hot rows, transposed, times the updates. */
  decompose: ([indices, updates], { size }) => {
    const shape = (indices as Tensor).shape;
    const rest = (updates as Tensor).shape.slice(shape.length);
    const count = productOfDims(shape);
    const hot = oneHot(reshape(indices as Tensor, [count]), size, (updates as Tensor).dtype);
    const rows = reshape(updates as Tensor, [count, productOfDims(rest)]);
    return [reshape(matMul(transposeLast(hot), rows), [size, ...rest])];
  },
  vjp: ({ inputs: [indices], gradients: [g] }) => [undefined, gather(g as Tensor, indices as Tensor, 0)],
});

/** A tensor of zeros [size, ...] with every update added at its index along axis 0. Indices [...], updates [..., ...]. */
export function scatterAdd(indices: Tensor, updates: Tensor, size: number): Tensor {
  return applySingle(scatterAddComposite, [indices, updates], { size });
}

/** 1 where the last axis' index equals the value, 0 elsewhere: int32 [...] → [..., size]. */
export function oneHot(indices: Tensor, size: Dim, dtype: Tensor["dtype"] = "float32"): Tensor {
  return cast(equal(reshape(indices, [...indices.shape, 1]), iota([size])), dtype);
}

/** Rows of a table [size, ...] at int32 ids: [...] → [..., width]. A table in fewer bits is widened by these rows alone. */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  const blocks = blocksOf(table);
  if (blocks) return dequantizeBlocks(gather(blocks.data, ids, 0), gather(blocks.scales, ids, 0), blocks.bits);
  if (table.node?.op === "cast") return cast(gather(table.node.inputs[0] as Tensor, ids, 0), table.dtype);
  return gather(table, ids, 0);
}
