import {
  cast,
  constant,
  type DType,
  dimension,
  dtypes,
  gather,
  gatherElements,
  type HostTensor,
  iota,
  isFloat,
  type PrimitiveName,
  type Tensor,
  tensor,
  where,
} from "@relpos/core";
import { printShapes } from "../print-shapes.js";
import { everything, numbers, type PrimitiveCall, reals } from "./primitive-call.js";
import { type Shape, values } from "./values.js";

const made = (details: string, f: (dtype: DType) => Tensor, tried: readonly DType[]): PrimitiveCall => ({
  details,
  dtypes: tried,
  tolerance: "exact",
  inputs: () => [],
  f: (_, dtype) => f(dtype),
});

const n = dimension("n");

/** With sizes that the input names: known ones are made on the host before a backend sees them. */
const counted = (details: string, f: (dtype: DType) => Tensor, tried: readonly DType[]): PrimitiveCall => ({
  ...made(details, f, tried),
  others: ["float32"],
  inputs: () => [values([5], "float32")],
  shapes: [[n]],
});

/** Numbers that the type they are cast to can hold; fractions are cut off toward zero. */
function castable(from: DType, to: DType): HostTensor {
  const list = isFloat(from) ? [-2.75, -1.5, -1, -0.5, -0, 0, 0.25, 1, 2.5, 100.75] : [-100, -3, -1, 0, 1, 2, 100];
  const unsigned = from === "uint8" || (to === "uint8" && isFloat(from));
  const whole = from === "bool" ? [0, 1] : unsigned ? list.map(Math.abs) : list;
  return tensor(whole, [whole.length], from);
}

const castTo = (to: DType): PrimitiveCall => ({
  details: `to ${to}`,
  dtypes: everything.filter((dtype) => dtype !== to),
  others: [to],
  tolerance: "exact",
  quick: to === "bool" ? ["float32"] : ["float32", "int32", "bool"],
  inputs: (dtype) => [castable(dtype, to)],
  f: ([x]) => cast(x as Tensor, to),
});

const chosen = (condition: Shape, then: Shape, otherwise: Shape): PrimitiveCall => ({
  details: printShapes([condition, then, otherwise]),
  dtypes: ["float32"],
  others: ["bool"],
  tolerance: "exact",
  inputs: (dtype) => [values(condition, "bool"), values(then, dtype, 1), values(otherwise, dtype, 2)],
  f: ([c, a, b]) => where(c as Tensor, a as Tensor, b as Tensor),
});

const picked = (
  f: typeof gatherElements,
  axis: number,
  data: Shape,
  indices: readonly number[],
  shape: Shape,
): PrimitiveCall => ({
  details: `${printShapes([data, shape])} axis ${axis}`,
  dtypes: ["float32"],
  others: ["int32"],
  tolerance: "exact",
  inputs: (dtype) => [values(data, dtype), tensor(indices, shape, "int32")],
  f: ([x, places]) => f(x as Tensor, places as Tensor, axis),
});

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const many = (count: number, size: number) => Array.from({ length: count }, (_, i) => (i * 7 + 3) % size);

/** Calls of primitives that make values, convert them and choose among them. */
export const otherCalls = {
  constant: [
    { ...made("[400]", (dtype) => constant(values([400], dtype)), everything), quick: ["float32", "int32", "bool"] },
    made("a scalar", (dtype) => constant(values([], dtype)), everything),
    made("[0,3]", (dtype) => constant(values([0, 3], dtype)), everything),
    made("[300,400]", (dtype) => constant(values([300, 400], dtype)), ["float32"]),
  ],
  iota: [
    { ...counted("[n]", (dtype) => iota([n], 0, dtype), numbers), quick: ["float32", "int32"] },
    counted("[2,n,3] axis 1", (dtype) => iota([2, n, 3], 1, dtype), numbers),
    counted("[n,4] axis 1", (dtype) => iota([n, 4], 1, dtype), ["int32"]),
    counted("[n,1,n] axis 0", (dtype) => iota([n, 1, n], 0, dtype), ["int32"]),
    made("[2,3,2] axis 1", (dtype) => iota([2, 3, 2], 1, dtype), numbers),
    made("[1100,1000] axis 1", (dtype) => iota([1100, 1000], 1, dtype), ["int32"]),
  ],
  cast: [
    ...dtypes.map(castTo),
    {
      ...castTo("bool"),
      details: "NaN and infinities to bool",
      dtypes: reals,
      inputs: (dtype) => [tensor([nan, infinity, -infinity, -0, 0, 1e-30], [6], dtype)],
    },
    {
      ...castTo("int8"),
      details: "wrapping to int8",
      dtypes: ["int32", "uint8"],
      quick: [],
      inputs: (dtype) => [
        tensor(
          dtype === "uint8" ? [127, 128, 200, 255] : [127, 128, 300, -129, -1000],
          [dtype === "uint8" ? 4 : 5],
          dtype,
        ),
      ],
    },
    {
      ...castTo("uint8"),
      details: "wrapping to uint8",
      dtypes: ["int32", "int8"],
      quick: [],
      inputs: (dtype) => [
        tensor(dtype === "int8" ? [-1, -128, 127] : [255, 256, -1, -300, 1000], [dtype === "int8" ? 3 : 5], dtype),
      ],
    },
    {
      ...castTo("int32"),
      details: "large numbers to int32",
      dtypes: ["float32"],
      quick: ["float32"],
      inputs: () => [tensor([2147483520, -2147483648, 16777216, -16777215], [4])],
    },
    {
      ...castTo("float32"),
      details: "large numbers to float32",
      dtypes: ["int32"],
      quick: ["int32"],
      inputs: () => [tensor([2147483647, -2147483648, 16777217, -16777215], [4], "int32")],
    },
  ],
  where: [
    { ...chosen([3, 1], [2, 3, 4], [4]), dtypes: everything, quick: ["float32", "int32"] },
    chosen([2, 3], [2, 3], [2, 3]),
    chosen([], [2, 3], []),
    chosen([2, 1], [], []),
    chosen([0, 1], [3], [1]),
    chosen([2, 1, 3, 1, 2], [1, 4, 1, 2, 1], [2, 1, 1, 1, 1]),
    chosen([257, 130], [130], [257, 1]),
    {
      ...chosen([4], [4], [4]),
      details: "NaN and infinities that are not chosen",
      quick: ["float32"],
      inputs: () => [
        tensor([1, 0, 1, 0], [4], "bool"),
        tensor([1, nan, 2, infinity], [4]),
        tensor([nan, 3, -infinity, 4], [4]),
      ],
    },
  ],
  gather: [
    { ...picked(gather, 1, [2, 3, 4], [2, 0, 1, 1], [2, 2]), dtypes: everything, quick: ["float32", "int32"] },
    picked(gather, 0, [5, 3], [4, 0, 4, 2], [4]),
    picked(gather, 2, [2, 3, 4], [3, 3, 0], [3]),
    picked(gather, 0, [4], [1, 3, 0], [3]),
    picked(gather, 1, [2, 3], [2], []),
    picked(gather, 0, [3, 2], [], [0]),
    picked(gather, 0, [3, 2], [], [2, 0]),
    picked(gather, 1, [2, 1, 2, 3, 2], [0, 0], [2, 1]),
    picked(gather, 0, [900, 70], many(300, 900), [30, 10]),
  ],
  gatherElements: [
    {
      ...picked(gatherElements, 1, [2, 3], [2, 0, 1, 1, 0, 2], [2, 3]),
      dtypes: everything,
      quick: ["float32", "int32"],
    },
    picked(gatherElements, 0, [3, 2], [2, 0, 1, 1, 0, 2, 2, 2], [4, 2]),
    picked(gatherElements, 2, [2, 2, 3], [2, 0, 1, 1], [2, 2, 1]),
    picked(gatherElements, 0, [4], [3, 3, 0], [3]),
    picked(gatherElements, 1, [2, 3], [], [2, 0]),
    picked(gatherElements, 3, [1, 2, 1, 3, 1], [2, 0, 1, 1], [1, 2, 1, 2, 1]),
    picked(gatherElements, 1, [60, 50], many(60 * 70, 50), [60, 70]),
  ],
} as const satisfies Partial<Record<PrimitiveName, readonly PrimitiveCall[]>>;
