import { scaledMatMul } from "../composites/linear.js";
import { oneHot } from "../composites/scatter-add.js";
import { zeros } from "../nn/parameters.js";
import { add, concat, gather, iota, reshape, sub, transpose } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { overHeads } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { checkGrid, placesOf, type WindowGrid } from "./window-grid.js";

/** The grid: token p is at row ⌊p/width⌋, column p mod width, for queries and keys alike. */
export type DecomposedOptions = WindowGrid;

/**
 * Decomposed relative positions in two dimensions: trained vectors for differences of rows and of columns, times the
 * query.
 *
 * s_ij = q_i·k_j/√d + q_i·R^row[Δrow] + q_i·R^column[Δcolumn] with Δ = query − key, the negative of our relative
 * position, and unscaled q. Li et al. (MViTv2), arXiv:2112.01526, §4.1; ViTDet; SAM. Initially 0. Follows SAM's
 * `get_decomposed_rel_pos` for queries and keys on one grid; pooled keys and resized tables are not done.
 *
 * A product for each query and row, and for each query and column, is spread over the keys by a product with their
 * one-hot places: nothing of [Q, K, D] exists.
 */
export function decomposed({
  height,
  width,
}: DecomposedOptions): EncodingWith<"relativeScores" | "parameters", "row" | "column"> {
  const grid = { height, width };
  checkGrid("decomposed", grid);
  return defineEncoding<"row" | "column">({
    kind: "decomposed-2d",
    settings: grid,
    cache: "rotated-keys",
    maximumPositions: height * width,
    scope: "layer",
    parameters: ({ headSize }) => ({
      row: { shape: [2 * height - 1, headSize], initialize: zeros, decay: false },
      column: { shape: [2 * width - 1, headSize], initialize: zeros, decay: false },
    }),
    relativeScores: ({ parameters, query, queryPositions, keyPositions }) => {
      const [own, others] = [placesOf(queryPositions, grid), placesOf(keyPositions, grid)];
      const byRow = productsAlong(query, parameters.row, own.row, height);
      const byColumn = productsAlong(query, parameters.column, own.column, width);
      const places = concat([oneHot(others.row, height), oneHot(others.column, width)], -1);
      return scaledMatMul(concat([byRow, byColumn], 3), overHeads(places), { transposeRight: true });
    },
  }) as EncodingWith<"relativeScores" | "parameters", "row" | "column">;
}

/** q_i·R[place_i − n + size − 1] for every n < size: q [B, H, Q, D], places [Q] or [B, Q] → [B, H, Q, size]. */
function productsAlong(query: Tensor, table: Tensor, places: Tensor, size: number): Tensor {
  const differences = sub(add(reshape(places, [...places.shape, 1]), size - 1), iota([size]));
  const vectors = gather(table, differences);
  const batched = vectors.rank === 4 ? vectors : reshape(vectors, [1, ...vectors.shape]);
  const own = scaledMatMul(transpose(query, [0, 2, 1, 3]), batched, { transposeRight: true });
  return transpose(own, [0, 2, 1, 3]);
}
