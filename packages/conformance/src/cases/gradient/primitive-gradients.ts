import {
  abs,
  add,
  argMax,
  cast,
  concat,
  constant,
  cos,
  cumSum,
  div,
  equal,
  erf,
  exp,
  expand,
  floor,
  gather,
  gatherElements,
  type HostTensor,
  iota,
  less,
  lessOrEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  matMul,
  maximum,
  minimum,
  mul,
  neg,
  type PrimitiveName,
  pad,
  pow,
  reduceMax,
  reduceSum,
  reshape,
  sign,
  sin,
  slice,
  sqrt,
  stopGradient,
  sub,
  type Tensor,
  tanh,
  transpose,
  where,
} from "@relpos/core";
import { apart, between, booleans, gaussian, integers } from "../random-tensors.js";
import type { NamedGradientCase } from "./gradient-case.js";
import { of, one } from "./make.js";

const broadcasting: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [4, 1, 3],
  ],
  [[], [2, 2]],
  [[0, 2], [2]],
];

const two = (
  f: (a: Tensor, b: Tensor) => Tensor,
  make: (shape: readonly number[], seed: string) => HostTensor = gaussian,
): NamedGradientCase[] => broadcasting.map(([a, b]) => of(f, [make(a, "a"), make(b, "b")]));

/** Functions that are constant almost everywhere: times x, so that there is something to differentiate. */
const flat = (f: (x: Tensor) => Tensor): NamedGradientCase[] =>
  one((x) => mul(cast(f(x), "float32"), x), "", apart([2, 3]));
const flatPair = (f: (a: Tensor, b: Tensor) => Tensor): NamedGradientCase[] => [
  of((a: Tensor, b: Tensor) => mul(cast(f(a, b), "float32"), add(a, b)), [gaussian([2, 3], 1), gaussian([3], 2)]),
];

const rows = constant(integers([2, 0, 2, 1, 1, 1], [2, 3]));

/** At least one case for every primitive. */
export const primitiveGradients: Readonly<Record<PrimitiveName, readonly NamedGradientCase[]>> = {
  constant: one((x) => mul(x, constant(gaussian([2, 3], 9)).reshape(x.shape))),
  iota: one((x) => mul(x, iota(x.shape, 1, "float32"))),
  neg: one(neg),
  abs: one(abs, "", apart([2, 3])),
  sign: flat(sign),
  floor: flat(floor),
  exp: one(exp),
  log: one(log, "", between(0.3, 3, [2, 3])),
  sqrt: one(sqrt, "", between(0.3, 3, [2, 3])),
  sin: one(sin),
  cos: one(cos),
  tanh: one(tanh),
  erf: one(erf),
  logicalNot: flat((x) => logicalNot(less(x, 0))),
  cast: flat((x) => cast(x, "int32")),
  stopGradient: flat((x) => stopGradient(sign(x))),
  add: two(add),
  sub: two(sub),
  mul: two(mul),
  div: two(div, apart),
  pow: [
    ...two(pow, (shape, seed) => between(0.3, 2, shape, seed)),
    ...one((x) => pow(x, 3), "cubed"),
    ...one((x) => pow(x, 2), "squared"),
  ],
  maximum: two(maximum),
  minimum: two(minimum),
  equal: flatPair(equal),
  less: flatPair(less),
  lessOrEqual: flatPair(lessOrEqual),
  logicalAnd: flatPair((a, b) => logicalAnd(less(a, 0), less(b, 0))),
  logicalOr: flatPair((a, b) => logicalOr(less(a, 0), less(b, 0))),
  where: [of(where, [booleans([1, 0, 1], [3]), gaussian([2, 3]), gaussian([2, 1], 1)])],
  reshape: one((x) => reshape(x, [3, 2])),
  transpose: [
    of((x: Tensor) => transpose(x, [2, 0, 1]), [gaussian([2, 3, 4])]),
    of((x: Tensor) => transpose(x, [1, 0]), [gaussian([2, 3])]),
  ],
  expand: [
    of((x: Tensor) => expand(x, [4, 2, 3]), [gaussian([2, 1])]),
    of((x: Tensor) => expand(x, [2, 2]), [gaussian([])]),
  ],
  slice: [
    of((x: Tensor) => slice(x, { 0: [1, 3], 1: [0, 2] }), [gaussian([4, 3])]),
    of((x: Tensor) => slice(x, { 0: [1, 1] }), [gaussian([2, 2])], "to nothing"),
  ],
  pad: [of((x: Tensor) => pad(x, { 0: [1, 2], 1: [0, 1] }, 5), [gaussian([2, 3])])],
  concat: [of((a: Tensor, b: Tensor) => concat([a, b, a], 1), [gaussian([2, 3]), gaussian([2, 1], 1)])],
  gather: [
    of((x: Tensor) => gather(x, rows, 0), [gaussian([3, 2])], "rows"),
    of((x: Tensor) => gather(x, constant(integers([2, 0, 2], [3])), 1), [gaussian([2, 3, 2])], "axis 1"),
    of((x: Tensor) => gather(x, constant(integers([1], [])), 1), [gaussian([2, 3])], "one column"),
  ],
  gatherElements: [
    of(
      (x: Tensor) => gatherElements(x, constant(integers([2, 0, 2, 1, 1, 0, 0, 0], [2, 4])), 1),
      [gaussian([2, 3])],
      "axis 1",
    ),
    of(
      (x: Tensor) => gatherElements(x, constant(integers([1, 0, 1, 1, 0, 0], [2, 3])), 0),
      [gaussian([2, 3])],
      "axis 0",
    ),
  ],
  matMul: [
    of(matMul, [gaussian([2, 3]), gaussian([3, 4], 1)]),
    of(matMul, [gaussian([2, 1, 2, 3]), gaussian([3, 3, 2], 1)]),
    of(matMul, [gaussian([2, 0]), gaussian([0, 3], 1)]),
  ],
  reduceSum: [
    ...one((x) => reduceSum(x), "over all"),
    ...one((x) => reduceSum(x, 1), "axis 1"),
    ...one((x) => reduceSum(x, [0, 1], { keepDims: true }), "axes 0 and 1 kept"),
  ],
  reduceMax: [
    ...one((x) => reduceMax(x), "over all"),
    ...one((x) => reduceMax(x, -1, { keepDims: true }), "last axis kept"),
  ],
  argMax: [of((x: Tensor) => mul(cast(argMax(x, 1, { keepDims: true }), "float32"), x), [gaussian([2, 3])])],
  cumSum: [
    ...one((x) => cumSum(x, 1), "axis 1"),
    ...one((x) => cumSum(x, 0, { exclusive: true }), "axis 0 exclusive"),
    ...one((x) => cumSum(x, 1, { reverse: true }), "axis 1 reverse"),
  ],
};
