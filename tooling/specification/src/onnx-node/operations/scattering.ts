import {
  add,
  cast,
  constant,
  elementCount,
  expand,
  iota,
  less,
  mul,
  reshape,
  scatterAdd,
  sub,
  type Tensor,
  tensor,
  where,
} from "@relpos/core";
import type { Call, Operation, Operations } from "../call.js";
import { fromFront, places } from "./gathering.js";
import { sizesOf } from "./movement.js";

/** What becomes of rows that updates are put into: data [N, ...], indices [M], updates [M, ...]. */
const reductions: Readonly<Record<string, (data: Tensor, indices: Tensor, updates: Tensor) => Tensor>> = {
  none: (data, indices, updates) => {
    const rows = sizesOf(data)[0] as number;
    const hits = scatterAdd(indices, expand(constant(1, data.dtype), indices.shape), rows);
    const hit = less(reshape(constant(0, data.dtype), [1]), hits);
    const column = reshape(hit, [
      rows,
      ...sizesOf(data)
        .slice(1)
        .map(() => 1),
    ]);
    return where(column, scatterAdd(indices, updates, rows), data);
  },
  add: (data, indices, updates) => add(data, scatterAdd(indices, updates, sizesOf(data)[0] as number)),
};

function scatterRows(call: Call, data: Tensor, indices: Tensor, updates: Tensor): Tensor {
  const reduction = call.text("reduction", "none");
  const reduce = reductions[reduction];
  call.require(reduce, `reduction "${reduction}"`);
  return reduce(data, indices, updates);
}

/** Each element of `updates` to the element of `data` whose index along the axis is given. */
function scatterElements(call: Call): Tensor {
  const [data, given, updates] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const sizes = sizesOf(data);
  const axis = (call.int("axis", 0) + data.rank) % data.rank;
  const indices = fromFront(given, sizes[axis] as number);
  const place = sizes
    .map((_, other) => mul(other === axis ? indices : iota(given.shape, other), elementCount(sizes.slice(other + 1))))
    .reduce(add);
  const [total, count] = [elementCount(sizes), elementCount(sizesOf(updates))];
  const flat = scatterRows(call, reshape(data, [total]), reshape(place, [count]), reshape(updates, [count]));
  return reshape(flat, sizes);
}

function scatterTuples(call: Call): Tensor {
  const [data, indices, updates] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const depth = indices.shape.at(-1) as number;
  const [outer, inner] = [sizesOf(data).slice(0, depth), sizesOf(data).slice(depth)];
  const place = places(indices, sizesOf(data));
  const count = elementCount(sizesOf(place));
  const rows = reshape(data, [elementCount(outer), ...inner]);
  const scattered = scatterRows(call, rows, reshape(place, [count]), reshape(updates, [count, ...inner]));
  return reshape(scattered, sizesOf(data));
}

/** New keys or values put into a cache, at a place of its own for each row of the batch. */
function writeToCache(call: Call): Tensor {
  const [cache, update] = [call.tensor(0), call.tensor(1)];
  const [mode, axis] = [call.text("mode", "linear"), call.int("axis", -2)];
  call.require(mode === "linear" || mode === "circular", `mode "${mode}"`);
  call.require((axis + cache.rank) % cache.rank === cache.rank - 2, `axis ${axis}`);
  const [batch, length, width] = [0, -2, -1].map((i) => sizesOf(cache).at(i)) as [number, number, number];
  const [added, outer] = [sizesOf(update).at(-2) as number, elementCount(sizesOf(cache).slice(0, -2))];
  const start = call.optional(2) ?? constant(tensor(new Int32Array(batch), [batch], "int32"));
  const perRow = reshape(expand(reshape(start, [batch, 1]), [batch, outer / batch]), [outer, 1]);
  const within = add(iota([outer, added], 1), perRow);
  const wrapped = mode === "circular" ? where(less(within, length), within, sub(within, length)) : within;
  const place = add(mul(iota([outer, added]), length), wrapped);
  const rows = reshape(cache, [outer * length, width]);
  const indices = reshape(cast(place, "int32"), [outer * added]);
  return reshape(scatterRows(call, rows, indices, reshape(update, [outer * added, width])), sizesOf(cache));
}

const arithmetic = (lower: (call: Call) => Tensor): Operation => ({
  tolerance: "arithmetic",
  lower: (call) => [lower(call)],
});

/** Operators that write elements at indices, through scatterAdd. */
export const scattering: Operations = {
  Scatter: arithmetic(scatterElements),
  ScatterElements: arithmetic(scatterElements),
  ScatterND: arithmetic(scatterTuples),
  TensorScatter: arithmetic(writeToCache),
};
