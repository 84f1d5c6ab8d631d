import type { Dim } from "../tensor/dimension.js";
import type { DType } from "../tensor/dtype.js";
import type { HostTensor } from "../tensor/host-tensor.js";

type None = Readonly<Record<never, never>>;

/**
 * Every primitive and its attributes. A backend implements all of them; everything else is a composite that decomposes
 * into them. Names and meanings are ONNX's in lower camel case, except `iota` (StableHLO), `maximum`/`minimum` (array
 * API) and `stopGradient` (JAX). `D` is `Dim` in a graph and `number` in a kernel, where sizes have their values.
 */
export interface PrimitiveAttributes<D = Dim> {
  /** A value that the graph holds. */
  constant: { readonly value: HostTensor };
  /** Index along `axis`, in every element: iota([2, 3], 1) = [[0, 1, 2], [0, 1, 2]]. */
  iota: { readonly shape: readonly D[]; readonly axis: number; readonly dtype: DType };

  neg: None;
  abs: None;
  sign: None;
  floor: None;
  exp: None;
  log: None;
  sqrt: None;
  sin: None;
  cos: None;
  tanh: None;
  erf: None;
  logicalNot: None;
  /** Float to integer truncates toward zero; any number to bool is `≠ 0`. */
  cast: { readonly dtype: DType };
  stopGradient: None;

  add: None;
  sub: None;
  mul: None;
  /** Integers divide toward zero. */
  div: None;
  /** Whole powers that the type cannot hold are for no one to rely on. */
  pow: None;
  maximum: None;
  minimum: None;
  equal: None;
  less: None;
  lessOrEqual: None;
  logicalAnd: None;
  logicalOr: None;

  /** where(condition, then, otherwise), all three broadcast. */
  where: None;

  reshape: { readonly shape: readonly D[] };
  transpose: { readonly permutation: readonly number[] };
  /** Broadcasts to the shape. */
  expand: { readonly shape: readonly D[] };
  /** Elements starts[axis] ≤ index < ends[axis], for every axis. */
  slice: { readonly starts: readonly D[]; readonly ends: readonly D[] };
  /** Adds `before[axis]` and `after[axis]` elements of `value`. */
  pad: { readonly before: readonly D[]; readonly after: readonly D[]; readonly value: number };
  concat: { readonly axis: number };
  /** gather(data, indices): replaces `axis` of data by the shape of the int32 indices. */
  gather: { readonly axis: number };
  /** gatherElements(data, indices): out[i][j] = data[indices[i][j]][j] for axis 0. */
  gatherElements: { readonly axis: number };
  /** [..., M, K] × [..., K, N] → [..., M, N], leading axes broadcast. */
  matMul: None;
  /** Sum over `axes`; they stay with size 1 where `keepDims`. */
  reduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  reduceMax: { readonly axes: readonly number[]; readonly keepDims: boolean };
  /** Index of the first largest element, int32. */
  argMax: { readonly axis: number; readonly keepDims: boolean };
  cumSum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
}

export type PrimitiveName = keyof PrimitiveAttributes;

/** The attributes of `primitive` that hold sizes, with each size mapped. */
export function mapAttributeDims<From, To>(
  attributes: PrimitiveAttributes<From>[PrimitiveName],
  map: (dim: From) => To,
): PrimitiveAttributes<To>[PrimitiveName] {
  const mapped: Record<string, unknown> = { ...attributes };
  for (const key of ["shape", "starts", "ends", "before", "after"]) {
    if (key in mapped) mapped[key] = (mapped[key] as From[]).map(map);
  }
  return mapped as unknown as PrimitiveAttributes<To>[PrimitiveName];
}
