import {
  add,
  cast,
  concat,
  constant,
  elementCount,
  expand,
  gather,
  iota,
  mul,
  pad,
  reshape,
  slice,
  stopGradient,
  type Tensor,
  tensor,
  transpose,
} from "@relpos/core";
import type { Call, Operation, Operations } from "../call.js";

/** The shape of a tensor of an ONNX test, all of whose sizes are known. */
export function sizesOf(x: Tensor): readonly number[] {
  return x.shape as readonly number[];
}

const exact = (lower: Operation["lower"]): Operation => ({ tolerance: "exact", lower });

/** 0 keeps the size of the same axis, −1 is what is left. */
function reshaped(x: Tensor, wanted: readonly number[]): Tensor {
  const kept = wanted.map((size, axis) => (size === 0 ? (sizesOf(x)[axis] as number) : size));
  const rest = elementCount(sizesOf(x)) / elementCount(kept.filter((size) => size !== -1));
  return reshape(
    x,
    kept.map((size) => (size === -1 ? rest : size)),
  );
}

/** ONNX counts starts and ends from the back where they are negative, and clamps them; steps may go backwards. */
function sliced(call: Call): Tensor {
  const x = call.tensor(0);
  const [starts, ends] = [call.numbers(1) ?? [], call.numbers(2) ?? []];
  const axes = call.numbers(3) ?? starts.map((_, axis) => axis);
  const steps = call.numbers(4) ?? starts.map(() => 1);
  return axes.reduce((part, axis, i) => {
    const [size, step] = [sizesOf(x).at(axis) as number, steps[i] as number];
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const place = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, low), high);
    const [start, end] = [place(starts[i] as number), place(ends[i] as number)];
    if (step === 1) return slice(part, { [axis < 0 ? axis + x.rank : axis]: [start, Math.max(start, end)] });
    const count = Math.max(Math.ceil((end - start) / step), 0);
    return gather(part, add(mul(iota([count]), step), start), axis);
  }, x);
}

function padded(call: Call): Tensor {
  const x = call.tensor(0);
  const mode = call.text("mode", "constant");
  call.require(mode === "constant", `mode "${mode}"`);
  const axes = call.numbers(3) ?? sizesOf(x).map((_, axis) => axis);
  const amounts = call.numbers(1) ?? [];
  const pairs = axes.map((axis, i) => [axis < 0 ? axis + x.rank : axis, [amounts[i], amounts[i + axes.length]]]);
  return pad(x, Object.fromEntries(pairs), call.numbers(2)?.[0] ?? 0);
}

/** start, start + delta, … below limit. */
function range(call: Call): Tensor {
  const [start, limit, delta] = [0, 1, 2].map((index) => call.numbers(index)?.[0]) as [number, number, number];
  const { dtype } = call.tensor(0);
  const steps = cast(iota([Math.max(Math.ceil((limit - start) / delta), 0)]), dtype);
  return add(mul(steps, delta), start);
}

/** Operators that move elements without computing, and those that make them from nothing. */
export const movement: Operations = {
  Identity: exact((call) => [stopGradient(call.tensor(0))]),
  Concat: exact((call: Call) => {
    const parts = Array.from({ length: call.count }, (_, index) => call.tensor(index));
    return [concat(parts, call.int("axis", 0))];
  }),
  Transpose: exact((call: Call) => {
    const x = call.tensor(0);
    return [transpose(x, call.ints("perm") ?? sizesOf(x).map((_, axis) => x.rank - 1 - axis))];
  }),
  Reshape: exact((call) => [reshaped(call.tensor(0), call.numbers(1) ?? [])]),
  Expand: exact((call: Call) => {
    const x = call.tensor(0);
    const wanted = [...(call.numbers(1) ?? [])];
    const rank = Math.max(wanted.length, x.rank);
    const sizes = Array.from({ length: rank }, (_, axis) => {
      return Math.max(sizesOf(x)[axis - rank + x.rank] ?? 1, wanted[axis - rank + wanted.length] ?? 1);
    });
    return [expand(x, sizes)];
  }),
  Slice: exact((call) => [sliced(call)]),
  Pad: exact((call) => [padded(call)]),
  Shape: exact((call: Call) => {
    const sizes = sizesOf(call.tensor(0));
    return [constant(tensor(sizes, [sizes.length], "int32"))];
  }),
  Range: { tolerance: "arithmetic", lower: (call) => [range(call)] },
};
