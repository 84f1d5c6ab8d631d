import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { concat, reshape } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { type AxisPair, axisRotations } from "./rotary-axes.js";
import { placesOf } from "./window-grid.js";

export interface AxialRopeOptions {
  /** Tokens in a row of the grid. */
  readonly width: number;
  /** θ. Default 100. */
  readonly base?: number;
  /** Pairs (2m, 2m + 1), or (m, m + r/2). Default `true`, as in rope-vit. */
  readonly interleaved?: boolean;
}

/**
 * Whole positions of a grid that is read row by row: [S] or [B, S] → column and row, [2, 1 or B, S]. Positions that have
 * axes already, [2, B, S], stay.
 */
export function gridPositions(positions: Tensor, width: number): Tensor {
  check(Number.isInteger(width) && width > 0, "gridPositions", () => `width must be whole and positive, got ${width}`);
  if (positions.rank === 3) return positions;
  const [batch, length] = positions.rank === 2 ? (positions.shape as [Dim, Dim]) : [1, positions.shape[0] as Dim];
  const { row, column } = placesOf(reshape(positions, [1, batch, length]), { width });
  return concat([column, row], 0);
}

/**
 * The first half of the pairs for columns, the rest for rows (one fewer where the number is odd), each with
 * ω_m = θ^(−4m/D).
 */
export function axialPairs(headSize: number, base = 100): readonly AxisPair[] {
  check(headSize % 2 === 0, "axialRope", () => `head size must be even, got ${headSize}`);
  const columns = Math.ceil(headSize / 4);
  return Array.from({ length: headSize / 2 }, (_, pair) => {
    const axis = pair < columns ? 0 : 1;
    return { axis, frequency: base ** ((-4 * (pair - axis * columns)) / headSize) };
  });
}

/**
 * Axial rotary embedding: half of the coordinates turn by a token's column, half by its row.
 *
 * s_ij = (R(x_i)q·R(x_j)k)[columns] + (R(y_i)q·R(y_j)k)[rows] with x = t mod width, y = ⌊t/width⌋. Heo et al.,
 * arXiv:2403.13298 (RoPE-Axial). Agrees with rope-vit; positions with axes of their own are [2, B, S].
 */
export function axialRope(options: AxialRopeOptions): EncodingWith<"transform"> {
  const { width, base = 100, interleaved = true } = options;
  return defineEncoding({
    kind: "axial-rope",
    settings: { width, base, interleaved },
    cache: "rotated-keys",
    transform: ({ query, key, queryPositions, keyPositions }) => {
      const pairs = axialPairs(query.shape.at(-1) as number, base);
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const { cos, sin } = axisRotations(gridPositions(positions, width), pairs);
        return rotaryEmbedding(x, cos, sin, { interleaved });
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}
