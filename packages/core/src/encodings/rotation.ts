import { repeatHeads } from "../composites/attention.js";
import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { concat, cos, mul, reshape, sin, slice, sub } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt } from "./angles.js";

/** Which coordinates are pairs. */
export interface PairLayout {
  /** Pairs (2m, 2m + 1), or (m, m + r/2). Default `false`: halves. */
  readonly interleaved?: boolean;
}

/** [S, m] as [1, S, m]; [B, S, m] as it is: what `rotaryEmbedding` takes. */
export function overBatch(table: Tensor): Tensor {
  return table.rank === 3 ? table : reshape(table, [1, ...table.shape]);
}

/** Cosines and sines of angles that are trained or made from tokens; fixed ones come from `rotationsAt`. */
export function rotationsOf(angles: Tensor): Rotations {
  return { cos: cos(angles), sin: sin(angles) };
}

/** Both parts of rotations by one function. */
export function mapRotations({ cos, sin }: Rotations, map: (table: Tensor) => Tensor): Rotations {
  return { cos: map(cos), sin: map(sin) };
}

/**
 * Pairs of coordinates turned by angles whose cosines and sines may differ by head and may be trained: x [B, H, S, D],
 * cos and sin broadcast to [B, H, S, r/2]; coordinates past r stay.
 *
 * The same as `rotaryEmbedding`, which takes its tables as constants, but with gradients for them.
 */
export function turnBy(x: Tensor, rotations: Rotations, { interleaved = false }: PairLayout = {}): Tensor {
  const [c, s] = [rotations.cos, rotations.sin];
  const [half, size] = [c.shape.at(-1) as number, x.shape[3] as number];
  const [rotated, rest] = [slice(x, { 3: [0, 2 * half] }), slice(x, { 3: [2 * half, size] })];
  const leading = x.shape.slice(0, 3);
  const parts = interleaved ? reshape(rotated, [...leading, half, 2]) : reshape(rotated, [...leading, 2, half]);
  const axis = interleaved ? 4 : 3;
  const part = (index: number): Tensor => reshape(slice(parts, { [axis]: [index, index + 1] }), [...leading, half]);
  const [first, second] = [part(0), part(1)];
  const turned = [sub(mul(first, c), mul(second, s)), mul(second, c).add(mul(first, s))];
  const unit = interleaved ? [half, 1] : [1, half];
  const joined = concat(
    turned.map((value) => reshape(value, [...leading, ...unit])),
    axis,
  );
  const whole = reshape(joined, [...leading, 2 * half]);
  return 2 * half === size ? whole : concat([whole, rest], 3);
}

/** Queries and keys turned by whole positions × fixed frequencies. */
export function turnPair(
  { query, key, queryPositions, keyPositions }: PairToTurn,
  frequencies: ArrayLike<number>,
  { interleaved = false }: PairLayout = {},
): { readonly query: Tensor; readonly key: Tensor } {
  const turn = (x: Tensor, positions: Tensor): Tensor => {
    const { cos, sin } = mapRotations(rotationsAt(positions, frequencies), overBatch);
    return rotaryEmbedding(x, cos, sin, { interleaved });
  };
  return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
}

/** Queries [B, H, Q, D] and keys [B, Hkv, K, D] with their positions. */
interface PairToTurn {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly queryPositions: Tensor;
  readonly keyPositions: Tensor;
}

/**
 * Queries and keys turned by trained angles [1 or B, 1 or Hkv, K, r/2], those of a token for both; queries are the last
 * Q tokens, and heads of a group share their key head's angles.
 */
export function turnByAngles(
  pair: Pick<PairToTurn, "query" | "key">,
  angles: Tensor,
  layout?: PairLayout,
): { readonly query: Tensor; readonly key: Tensor } {
  return turnByRotations(pair, rotationsOf(angles), layout);
}

/** Queries and keys turned by the cosines and sines of such angles, or by what stands for them. */
export function turnByRotations(
  { query, key }: Pick<PairToTurn, "query" | "key">,
  rotations: Rotations,
  layout?: PairLayout,
): { readonly query: Tensor; readonly key: Tensor } {
  const [queries, keys] = [query.shape[2] as Dim, key.shape[2] as Dim];
  const heads = rotations.cos.shape[1] as number;
  const groups = heads === 1 ? 1 : (query.shape[1] as number) / heads;
  const forQueries = mapRotations(rotations, (table) => {
    return repeatHeads(slice(table, { 2: [subtractDims(keys, queries), keys] }), groups);
  });
  return { query: turnBy(query, forQueries, layout), key: turnBy(key, rotations, layout) };
}
