import { normal } from "../nn/parameters.js";
import { biasOfRows } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { checkGrid, differenceCount, differenceIndices, type WindowGrid } from "./window-grid.js";

/** The window's grid: token p is at row ⌊p/width⌋, column p mod width. */
export type SwinOptions = WindowGrid;

/**
 * Swin's table: a trained bias for each head and difference of rows and columns in a window.
 *
 * b_h(i, j) = W[(Δrow + M_h − 1)·(2·M_w − 1) + Δcolumn + M_w − 1, h] with Δ = query − key, the negative of our relative
 * position. Liu et al., arXiv:2103.14030. Agrees with `WindowAttention` of microsoft/Swin-Transformer, whose initial
 * table is normal with deviation 0.02, truncated at two units, which no value reaches.
 */
export function swin({ height, width }: SwinOptions): EncodingWith<"bias" | "parameters", "table"> {
  const grid = { height, width };
  checkGrid("swin", grid);
  return defineEncoding({
    kind: "swin",
    settings: grid,
    cache: "rotated-keys",
    maximumPositions: height * width,
    scope: "layer",
    parameters: ({ heads }) => ({
      table: { shape: [differenceCount(grid), heads], initialize: normal(0.02), decay: false },
    }),
    bias: ({ parameters: { table }, ...at }) => biasOfRows(table, differenceIndices(at, grid)),
  });
}
