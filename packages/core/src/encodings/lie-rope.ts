import { uniformBetween } from "../nn/parameters.js";
import {
  add,
  cast,
  constant,
  matMul,
  mul,
  reshape,
  slice,
  sub,
  transpose,
  transposeLast,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { gridPositions } from "./axial-rope.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { matrixExponential } from "./matrix-exponential.js";

export interface LieRopeOptions {
  /** Positions are divided by it; generators are as large as a turn. */
  readonly extent: number;
  /** Tokens in a row of a grid, whose columns and rows are two axes. Default: one axis. */
  readonly width?: number;
}

/**
 * LieRE: queries and keys are multiplied by e^(Σ p_a·A_a) with a trained skew matrix for each axis.
 *
 * A_a = U − Uᵀ with U the trained upper triangle, s_ij = e^(A(p_i))q · e^(A(p_j))k. With one axis scores are exactly
 * relative; with two the matrices do not commute and they are not. Ostmeier et al., arXiv:2406.10322, from the code in the
 * README of `StanfordMIMI/LieRE`; positions are fractions of `extent`, one set of matrices serves a layer's heads.
 */
export function lieRope(options: LieRopeOptions): EncodingWith<"transform" | "parameters", "generator"> {
  const { extent, width } = options;
  const axes = width === undefined ? 1 : 2;
  return defineEncoding({
    kind: "lie-rope",
    settings: { extent, width },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ headSize }) => ({
      generator: { shape: [axes, headSize, headSize], initialize: uniformBetween(0, 2 * Math.PI), decay: false },
    }),
    transform: ({ parameters, query, key, queryPositions, keyPositions }) => {
      const generators = skew(parameters.generator);
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const [batch, heads, length, size] = x.shape as readonly [Dim, number, Dim, number];
        const placed = width === undefined ? oneAxis(positions) : gridPositions(positions, width);
        const rotation = matrixExponential(sumOverAxes(mul(cast(placed, "float32"), 1 / extent), generators));
        const byToken = reshape(transpose(x, [0, 2, 1, 3]), [batch, length, heads, size]);
        return transpose(matMul(byToken, transposeLast(rotation)), [0, 2, 1, 3]);
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}

/** [S] or [B, S] → [1, 1 or B, S]. */
function oneAxis(positions: Tensor): Tensor {
  const rows = positions.rank === 2 ? (positions.shape[0] as Dim) : 1;
  return reshape(positions, [1, rows, positions.shape.at(-1) as Dim]);
}

/** U − Uᵀ of the upper triangles of [axes, D, D]. */
function skew(raw: Tensor): Tensor {
  const size = raw.shape.at(-1) as number;
  const above = Array.from({ length: size * size }, (_, i) => (i % size > Math.floor(i / size) ? 1 : 0));
  const upper = mul(raw, constant(exactTensor(above, [1, size, size])));
  return sub(upper, transposeLast(upper));
}

/** Σ_a p_a·A_a: [axes, B, S] and [axes, D, D] → [B, S, D, D]. */
function sumOverAxes(positions: Tensor, generators: Tensor): Tensor {
  const [axes, rows, length] = positions.shape as readonly [number, Dim, Dim];
  const size = generators.shape.at(-1) as number;
  const terms = Array.from({ length: axes }, (_, axis) => {
    const along = reshape(slice(positions, { 0: [axis, axis + 1] }), [rows, length, 1, 1]);
    return mul(along, reshape(slice(generators, { 0: [axis, axis + 1] }), [1, 1, size, size]));
  });
  return terms.reduce((sum, term) => add(sum, term));
}
