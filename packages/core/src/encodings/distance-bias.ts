import { alongDiagonals } from "../composites/relative-shift.js";
import { gather, reshape, transpose } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { relativePositions } from "./distance.js";
import { distanceRange, type Places } from "./position-range.js";

/**
 * A bias that depends on the distance key − query only, by a function from int32 [...] to [..., H]: [1 or B, H, Q, K].
 *
 * Where positions are ranges the function is computed once for each distance that occurs, and its values
 * are laid along the diagonals; other positions have it computed for every pair.
 */
export function biasByDistance(at: Places, values: (distances: Tensor) => Tensor): Tensor {
  const distances = distanceRange(at);
  if (!distances) return headsFirst(values(relativePositions(at.query, at.key)));
  const bias = alongDiagonals(transpose(values(distances), [1, 0]), at.query.shape[0] as Dim);
  return reshape(bias, [1, ...bias.shape]);
}

/** Values of pairs [Q, K, H] or [B, Q, K, H] as a bias [1 or B, H, Q, K]. */
export function headsFirst(pairs: Tensor): Tensor {
  const batched = pairs.rank === 4 ? pairs : reshape(pairs, [1, ...pairs.shape]);
  return transpose(batched, [0, 3, 1, 2]);
}

/** Rows of a table [rows, H] for every pair, by indices [Q, K] or [B, Q, K]: [1 or B, H, Q, K]. */
export function biasOfRows(table: Tensor, rows: Tensor): Tensor {
  return headsFirst(gather(table, rows));
}
