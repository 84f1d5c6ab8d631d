import {
  type BlockBits,
  dequantizeBlocks,
  dimension,
  linear,
  matMulNBits,
  scaledMatMul,
  scatterAdd,
  type Tensor,
  tensor,
  triangularInverse,
} from "@relpos/core";
import { type Shape, values, within } from "../primitive/values.js";
import { printShapes } from "../print-shapes.js";
import { type CompositeCall, halfToo, product, single } from "./composite-call.js";
import type { CompositeName } from "./composite-name.js";

const [batch, length] = [dimension("batch"), dimension("length")];

const affine = (shape: Shape, out: number, bias: boolean): CompositeCall => {
  const inner = shape.at(-1) as number;
  return {
    details: printShapes([shape, [out, inner], ...(bias ? [[out]] : [])]),
    dtypes: single,
    quick: false,
    length: inner,
    magnitude: 4,
    inputs: (dtype) => [values(shape, dtype, 1), values([out, inner], dtype, 2), values([out], dtype, 3)],
    f: ([x, weight, shift]) => [linear(x as Tensor, weight as Tensor, bias ? shift : undefined)],
  };
};

/** x [..., K] times the transpose of N rows in blocks. */
function inBlocks(bits: BlockBits, shape: Shape, rows: number, block: number, bias: boolean): CompositeCall {
  const inner = shape.at(-1) as number;
  const blocks = inner / block;
  return {
    details: `${bits} bits in blocks of ${block}, ${printShapes([shape, [rows, inner], ...(bias ? [[rows]] : [])])}`,
    dtypes: single,
    others: ["uint8"],
    quick: false,
    length: inner,
    magnitude: 2 * 2 ** (bits - 1) * scale,
    tolerance: "rounded8",
    inputs: (dtype) => [
      values(shape, dtype, 1),
      within(0, 255)([rows, blocks, (block * bits) / 8], "uint8"),
      within(-scale, scale)([rows, blocks], dtype),
      values([rows], dtype, 3),
    ],
    f: ([x, data, scales, shift]) => [
      matMulNBits(x as Tensor, data as Tensor, scales as Tensor, bits, bias ? shift : undefined),
    ],
  };
}

/** Of the blocks' numbers, at most. */
const scale = 0.01;

interface Factors {
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly scale: number;
}

const swapped = (shape: Shape, swap: boolean): Shape =>
  swap ? [...shape.slice(0, -2), shape.at(-1) as number, shape.at(-2) as number] : shape;

/** [..., M, K] × [..., K, N], given with their last axes swapped where they are transposed. */
function scaled(left: Shape, right: Shape, factors: Factors): CompositeCall {
  const { transposeLeft, transposeRight, scale } = factors;
  const [a, b] = [swapped(left, transposeLeft), swapped(right, transposeRight)];
  const marks = [transposeLeft && "left transposed", transposeRight && "right transposed", `scale ${scale}`];
  return {
    details: [printShapes([a, b]), ...marks].filter(Boolean).join(", "),
    dtypes: single,
    quick: false,
    length: Math.max(1, left.at(-1) as number),
    magnitude: 4,
    inputs: (dtype) => [values(a, dtype, 1), values(b, dtype, 2)],
    f: ([x, y]) => [scaledMatMul(x as Tensor, y as Tensor, factors)],
  };
}

const ways = product([false, true], [false, true], [1, 0.3]).map(
  ([transposeLeft, transposeRight, scale]): Factors => ({ transposeLeft, transposeRight, scale }),
);
const factorShapes: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 8],
    [8, 5],
  ],
  [
    [2, 3, 8],
    [2, 8, 5],
  ],
  [
    [2, 3, 8],
    [8, 5],
  ],
  [
    [3, 8],
    [2, 8, 5],
  ],
  [
    [2, 1, 3, 8],
    [4, 8, 5],
  ],
  [
    [2, 3, 0],
    [2, 0, 4],
  ],
];

/** Updates added into rows of which few are hit, and those often. */
function scattered(size: number, count: Shape, width: Shape): CompositeCall {
  return {
    details: `${printShapes([count, [...count, ...width]])} into ${size} rows`,
    dtypes: single,
    others: ["int32", "bool"],
    quick: false,
    length: Math.max(
      1,
      count.reduce((a, b) => a * b, 1),
    ),
    magnitude: 2,
    inputs: (dtype) => [within(0, Math.min(size, 5) - 1)(count, "int32"), values([...count, ...width], dtype)],
    f: ([indices, updates]) => [scatterAdd(indices as Tensor, updates as Tensor, size)],
  };
}

/** What is on and above the diagonal is not read: it is not 0. */
const inverted = (leading: Shape, size: number): CompositeCall => ({
  details: printShapes([[...leading, size, size]]),
  dtypes: single,
  others: ["int32", "bool"],
  quick: false,
  length: size,
  magnitude: 4,
  inputs: (dtype) => [within(-0.5, 0.5)([...leading, size, size], dtype)],
  f: ([a]) => [triangularInverse(a as Tensor)],
});

/** Calls of composites that multiply and add up. */
export const productCalls = {
  dequantizeBlocks: product([4, 8] as const, ["uint8", "int32"] as const).map(
    ([bits, dtype], index): CompositeCall => ({
      details: `${bits} bits, ${dtype}`,
      dtypes: halfToo,
      others: [dtype],
      quick: index === 0,
      length: 1,
      magnitude: 2,
      inputs: (floats) => [within(0, 255)([5, 2, 16], dtype), values([5, 2], floats)],
      f: ([data, scales]) => [dequantizeBlocks(data as Tensor, scales as Tensor, bits)],
    }),
  ),
  matMulNBits: [
    ...product([4, 8] as const, [[6], [2, 3], []] as const, [false, true]).map(
      ([bits, rows, bias], index): CompositeCall => ({
        ...inBlocks(bits, [...rows, 64], 5, 32, bias),
        quick: index === 0,
      }),
    ),
    inBlocks(4, [1, 256], 300, 32, false),
    inBlocks(8, [3, 256], 300, 128, false),
    inBlocks(4, [3, 64], 5, 8, true),
    inBlocks(4, [0, 64], 5, 32, true),
    {
      ...inBlocks(8, [2, 3, 64], 5, 32, true),
      details: "named sizes",
      shapes: [[batch, length, 64], [5, 2, 32], [5, 2], [5]],
    },
  ],
  linear: [
    ...product([[6, 8], [2, 3, 8], [1, 2, 3, 8], [8]] as const, [false, true]).map(
      ([shape, bias]): CompositeCall => ({ ...affine(shape, 5, bias), dtypes: halfToo, quick: shape.length === 3 }),
    ),
    affine([0, 8], 5, true),
    affine([2, 0], 5, true),
    affine([3, 8], 1, true),
    affine([70, 130], 67, true),
    { ...affine([2, 3, 8], 5, true), details: "named sizes", shapes: [[batch, length, 8], [5, 8], [5]] },
  ],
  scaledMatMul: [
    ...product(factorShapes, ways).map(
      ([[left, right], way], index): CompositeCall => ({
        ...scaled(left, right, way),
        dtypes: index < ways.length ? halfToo : single,
        quick: left.length === 3 && right.length === 3 && way.scale !== 1 && left[2] !== 0,
      }),
    ),
    scaled([5, 2048], [2048, 7], { transposeLeft: true, transposeRight: false, scale: 1 }),
    scaled([5, 2048], [2048, 7], { transposeLeft: true, transposeRight: false, scale: 0.5 }),
    scaled([2, 3, 16], [2, 16, 300], { transposeLeft: false, transposeRight: true, scale: 0.5 }),
    scaled([2, 3, 300], [2, 300, 16], { transposeLeft: false, transposeRight: false, scale: 1 }),
    scaled([2, 1, 300], [2, 300, 16], { transposeLeft: false, transposeRight: false, scale: 1 }),
    scaled([4, 65, 40], [4, 40, 33], { transposeLeft: false, transposeRight: true, scale: 0.5 }),
    {
      ...scaled([3, 8], [3, 8], { transposeLeft: false, transposeRight: true, scale: 0.3 }),
      details: "a tensor with itself, right transposed",
      inputs: (dtype) => [values([3, 8], dtype)],
      f: ([x]) => [scaledMatMul(x as Tensor, x as Tensor, { transposeRight: true, scale: 0.3 })],
    },
    {
      ...scaled([2, 3, 8], [2, 8, 5], { transposeLeft: false, transposeRight: true, scale: 0.3 }),
      details: "named sizes",
      shapes: [
        [batch, length, 8],
        [batch, 5, 8],
      ],
    },
  ],
  scatterAdd: [
    { ...scattered(5, [6], [4]), quick: true },
    scattered(5, [300], [4]),
    { ...scattered(600, [300], [4]), quick: true },
    scattered(600, [30, 10], [2, 3]),
    scattered(600, [30, 10], []),
    scattered(7, [], [3]),
    scattered(7, [0], [3]),
    scattered(1, [4], [2]),
    {
      ...scattered(600, [30, 4], [3]),
      details: "named sizes",
      shapes: [
        [length, 4],
        [length, 4, 3],
      ],
    },
    {
      ...scattered(4, [3], [2]),
      details: "rows in any order",
      inputs: () => [tensor([3, 0, 3], [3], "int32"), tensor([1, 2, 3, 4, 5, 6], [3, 2])],
    },
  ],
  triangularInverse: [
    { ...inverted([2], 5), quick: true },
    inverted([], 1),
    inverted([], 2),
    inverted([2, 3], 8),
    inverted([2], 33),
    inverted([0], 4),
    {
      ...inverted([2], 6),
      details: "named sizes",
      shapes: [[batch, length, length]],
      f: ([a]) => [triangularInverse(a as Tensor, 16)],
    },
  ],
} as const satisfies Partial<Record<CompositeName, readonly CompositeCall[]>>;
