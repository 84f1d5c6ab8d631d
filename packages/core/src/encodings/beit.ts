import { zeros } from "../nn/parameters.js";
import { equal, logicalAnd, reshape, sub, where } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { biasOfRows } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { checkGrid, differenceCount, differenceIndex, differenceIndices, type WindowGrid } from "./window-grid.js";

/** The window's grid: position 0 is the class token, token p > 0 is at place p − 1 of the grid. */
export type BeitOptions = WindowGrid;

/** Row of the table for a pair: that of the grid's difference, or one of three for class → token, token → class, both. */
export function beitIndex(query: number, key: number, grid: WindowGrid): number {
  const count = differenceCount(grid);
  if (query === 0) return key === 0 ? count + 2 : count;
  return key === 0 ? count + 1 : differenceIndex(query - 1, key - 1, grid);
}

/**
 * BEiT's table: Swin's, with three more rows for pairs with the class token.
 *
 * b_h(i, j) = W[index(i, j), h]; with N rows, N − 3 is class → token, N − 2 token → class, N − 1 class → class; the
 * others are Swin's, by query − key. Bao et al., arXiv:2106.08254; initially 0. Agrees with `BeitRelativePositionBias`
 * of Hugging Face at the window that it was trained at; resizing to another window, where the reference mistakes height
 * for width, is not done.
 */
export function beit({ height, width }: BeitOptions): EncodingWith<"bias" | "parameters", "table"> {
  const grid = { height, width };
  checkGrid("beit", grid);
  const count = differenceCount(grid);
  return defineEncoding({
    kind: "beit",
    settings: grid,
    cache: "rotated-keys",
    maximumPositions: 1 + height * width,
    scope: "layer",
    parameters: ({ heads }) => ({ table: { shape: [count + 3, heads], initialize: zeros, decay: false } }),
    bias: ({ parameters: { table }, query, key }) => {
      const fromClass = reshape(equal(query, 0), [...query.shape, 1]);
      const toClass = reshape(equal(key, 0), [...key.shape.slice(0, -1), 1, key.shape.at(-1) as Dim]);
      const own = differenceIndices({ query: onGrid(query), key: onGrid(key) }, grid);
      const withClass = where(fromClass, count, where(toClass, count + 1, own));
      return biasOfRows(table, where(logicalAnd(fromClass, toClass), count + 2, withClass));
    },
  });
}

/** Places on the grid; the class token, whose place is not looked at, is put on the first. */
function onGrid(positions: Tensor): Tensor {
  return where(equal(positions, 0), 0, sub(positions, 1));
}
