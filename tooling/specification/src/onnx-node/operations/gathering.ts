import {
  add,
  cast,
  concat,
  constant,
  elementCount,
  gather,
  gatherElements,
  iota,
  less,
  mul,
  oneHot,
  reduceSum,
  reshape,
  slice,
  sub,
  type Tensor,
  tensor,
  transpose,
  where,
} from "@relpos/core";
import type { Call, Operation, Operations } from "../call.js";
import { sizesOf } from "./movement.js";

/** Indices counted from the front. */
export function fromFront(indices: Tensor, size: number): Tensor {
  return where(less(indices, 0), add(indices, size), indices);
}

/** Tuples of indices [..., k] into the first k axes, as places in those axes laid out in a row. */
export function places(indices: Tensor, sizes: readonly number[]): Tensor {
  const depth = indices.shape.at(-1) as number;
  const limits = constant(tensor(sizes.slice(0, depth), [depth], "int32"));
  const strides = sizes.slice(0, depth).map((_, axis) => elementCount(sizes.slice(axis + 1, depth)));
  const positive = where(less(indices, 0), add(indices, limits), indices);
  return reduceSum(mul(positive, constant(tensor(strides, [depth], "int32"))), -1);
}

/** Tuples of indices [B..., ..., k] with their own places on the first axes before them: [B..., ..., batch + k]. */
function withBatch(indices: Tensor, batch: number): Tensor {
  const shape = [...sizesOf(indices).slice(0, -1), 1];
  const own = Array.from({ length: batch }, (_, axis) => cast(iota(shape, axis), indices.dtype));
  return batch === 0 ? indices : concat([...own, indices], -1);
}

const exact = (lower: Operation["lower"]): Operation => ({ tolerance: "exact", lower });

/** One entry along an axis, as a slice: what shapes are read by, and what can be folded. */
function entry(data: Tensor, index: number, axis: number): Tensor {
  const place = axis < 0 ? axis + data.rank : axis;
  const start = index < 0 ? index + (sizesOf(data)[place] as number) : index;
  const sizes = sizesOf(data).filter((_, other) => other !== place);
  return reshape(slice(data, { [place]: [start, start + 1] }), sizes);
}

/** Operators that read elements at indices. */
export const gathering: Operations = {
  Gather: exact((call: Call) => {
    const [data, axis] = [call.tensor(0), call.int("axis", 0)];
    if (call.tensor(1).rank === 0 && call.isConstant(1)) return [entry(data, call.numbers(1)?.[0] as number, axis)];
    return [gather(data, fromFront(call.tensor(1), sizesOf(data).at(axis) as number), axis)];
  }),
  GatherElements: exact((call: Call) => {
    const [data, axis] = [call.tensor(0), call.int("axis", 0)];
    const indices = fromFront(call.tensor(1), sizesOf(data).at(axis) as number);
    const others = sizesOf(indices).map((size, other) => [other, [0, size]] as const);
    const reached = others.filter(([other]) => other !== (axis < 0 ? axis + data.rank : axis));
    return [gatherElements(slice(data, Object.fromEntries(reached)), indices, axis)];
  }),
  GatherND: exact((call: Call) => {
    const data = call.tensor(0);
    const batch = call.int("batch_dims", 0);
    const indices = withBatch(call.tensor(1), batch);
    const depth = indices.shape.at(-1) as number;
    const rows = elementCount(sizesOf(data).slice(0, depth));
    return [gather(reshape(data, [rows, ...sizesOf(data).slice(depth)]), places(indices, sizesOf(data)))];
  }),
  OneHot: exact((call: Call) => {
    const depth = call.numbers(1)?.[0] as number;
    const indices = cast(call.tensor(0), "int32");
    const values = call.tensor(2);
    const hot = oneHot(fromFront(indices, depth), depth, values.dtype);
    const [off, on] = [slice(values, { 0: [0, 1] }), slice(values, { 0: [1, 2] })];
    const axis = call.int("axis", -1);
    const order = [...Array(indices.rank).keys()];
    order.splice(axis < 0 ? axis + hot.rank : axis, 0, indices.rank);
    return [transpose(add(mul(hot, sub(on, off)), off), order)];
  }),
};
