import { check } from "../errors.js";
import type { Initializer } from "../nn/parameters.js";
import { cast, constant, matMul, mul, reshape } from "../primitives/operations.js";
import { exactTensor, tensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { asColumn } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { rotationsOf, turnBy } from "./rotation.js";

export interface StringRopeOptions {
  /** θ of the initial frequencies. Default 10000. */
  readonly base?: number;
}

/** Planes in which a circulant skew matrix of a size turns: all but the constant and the alternating direction. */
function planes(size: number): number {
  return Math.max(size / 2 - 1, 0);
}

/** A value for each element of a matrix, row by row. */
function matrix(rows: number, columns: number, value: (row: number, column: number) => number): Tensor {
  const values = Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns));
  return constant(exactTensor(values, [rows, columns]));
}

/**
 * The orthonormal real Fourier basis of a size, in columns: cosines and sines of 1 … D/2 − 1 turns, then the constant and
 * the alternating direction. Every circulant skew matrix turns in these planes.
 */
function fourierBasis(size: number): Tensor {
  const half = planes(size);
  return matrix(size, size, (n, column) => {
    if (column >= 2 * half) return (column % 2 === 0 ? 1 : (-1) ** n) / Math.sqrt(size);
    const angle = (2 * Math.PI * n * ((column % half) + 1)) / size;
    return Math.sqrt(2 / size) * (column < half ? Math.cos(angle) : Math.sin(angle));
  });
}

/** The generator whose frequencies are RoPE's: c_n = (1/D)·Σ_k ω_k·sin(2πkn/D). */
export function circulantGenerator(size: number, base = 10_000): Float64Array {
  const half = planes(size);
  const frequencies = half > 0 ? ropeFrequencies(2 * half, base) : new Float64Array();
  return Float64Array.from({ length: size }, (_, n) => {
    return frequencies.reduce((sum, w, k) => sum + w * Math.sin((2 * Math.PI * (k + 1) * n) / size), 0) / size;
  });
}

/**
 * Circulant STRING: queries and keys are multiplied by e^(p·L) with a trained skew matrix L that is circulant, so that
 * rotations commute and scores are exactly relative.
 *
 * L = C − Cᵀ, C_mn = c_(m − n mod D), s_ij = q·e^((j − i)·L)k. In the Fourier basis e^(p·L) turns plane k by p·ω_k,
 * ω_k = 2·Σ_n c_n·sin(2πkn/D): a constant matrix and a rotation in place of a matrix exponential. Schenck et al.,
 * arXiv:2502.02562; from the formula, the paper's Cayley form is not here. Initial frequencies are RoPE's, which is ours.
 * Angles are products in float32.
 */
export function stringRope(options: StringRopeOptions = {}): EncodingWith<"transform" | "parameters", "generator"> {
  const { base = 10_000 } = options;
  const initial: Initializer = (_, shape) => tensor(circulantGenerator(shape[0] as number, base), shape);
  return defineEncoding({
    kind: "string",
    settings: { base },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ headSize }) => ({ generator: { shape: [headSize], initialize: initial, decay: false } }),
    transform: ({ parameters, query, key, queryPositions, keyPositions }) => {
      const size = query.shape.at(-1) as number;
      check(size % 2 === 0, "stringRope", () => `head size must be even, got ${size}`);
      const half = planes(size);
      if (half === 0) return { query, key };
      const sines = matrix(size, half, (n, k) => 2 * Math.sin((2 * Math.PI * (k + 1) * n) / size));
      const frequencies = reshape(matMul(reshape(parameters.generator, [1, size]), sines), [1, 1, 1, half]);
      const basis = fourierBasis(size);
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        return turnBy(matMul(x, basis), rotationsOf(mul(cast(asColumn(positions), "float32"), frequencies)));
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}
