import { check } from "../errors.js";
import { add, div, mul, sub } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { relativePositions } from "./distance.js";
import type { Places } from "./position-range.js";

/** Rows and columns of a window of tokens. Positions count through it row by row. */
export interface WindowGrid {
  readonly height: number;
  readonly width: number;
}

/** Errors unless a window has whole, positive sizes. */
export function checkGrid(name: string, { height, width }: WindowGrid): void {
  const whole = [height, width].every((size) => Number.isInteger(size) && size > 0);
  check(whole, name, () => `height and width must be whole and positive, got ${height} and ${width}`);
}

/** The squarest window that has at least so many places. */
export function gridFor(length: number): WindowGrid {
  const width = Math.ceil(Math.sqrt(length));
  return { height: Math.ceil(length / width), width };
}

/** Row and column of positions, int32 of any shape. */
export function placesOf(
  positions: Tensor,
  { width }: Pick<WindowGrid, "width">,
): { readonly row: Tensor; readonly column: Tensor } {
  const row = div(positions, width);
  return { row, column: sub(positions, mul(row, width)) };
}

/** Number of differences of two places: (2·height − 1)·(2·width − 1), the rows of a table of them. */
export function differenceCount({ height, width }: WindowGrid): number {
  return (2 * height - 1) * (2 * width - 1);
}

/** Index of the difference of two places: (Δrow + height − 1)·(2·width − 1) + Δcolumn + width − 1, Δ = query − key. */
export function differenceIndex(query: number, key: number, { height, width }: WindowGrid): number {
  const rows = Math.floor(query / width) - Math.floor(key / width);
  const columns = (query % width) - (key % width);
  return (rows + height - 1) * (2 * width - 1) + columns + width - 1;
}

/** `differenceIndex` for every pair, as a difference of one number for each place: [Q, K] or [B, Q, K], int32. */
export function differenceIndices({ query, key }: Places, grid: WindowGrid): Tensor {
  const code = (positions: Tensor): Tensor => {
    const { row, column } = placesOf(positions, grid);
    return add(mul(row, 2 * grid.width - 1), column);
  };
  return sub((differenceCount(grid) - 1) / 2, relativePositions(code(query), code(key)));
}
