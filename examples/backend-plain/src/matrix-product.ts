import type { KernelType } from "@relpos/core/backend";
import { allocate, type PlainData, type PlainTensor } from "./tensor.js";
import { broadcastStrides, placesOf } from "./walk.js";

/** Rows and columns of the product that are computed together: as many as the processor's registers hold. */
const [tileRows, tileColumns] = [4, 2];

/** The vectors of an operand: rows of the left one, columns of the right one. */
interface Vectors {
  readonly data: PlainData;
  readonly count: number;
  /** How far apart the vectors of a matrix are, and the elements of a vector. */
  readonly steps: readonly [vector: number, element: number];
  /** Where each matrix starts, in the order of the product's leading axes. */
  readonly starts: Int32Array;
}

/**
 * scale · A · B over the last two axes, either one transposed first; leading axes broadcast.
 *
 * The operands are copied into panels in which what is multiplied together lies together, so that transposing is only
 * another way to copy. Sums are taken in 64 bits.
 */
export function matrixProduct(
  left: PlainTensor,
  right: PlainTensor,
  type: KernelType,
  { transposeLeft = false, transposeRight = false, scale = 1 } = {},
): PlainTensor {
  const output = allocate(type);
  const leading = output.shape.slice(0, -2);
  const inner = left.shape.at(transposeLeft ? -2 : -1)!;
  const rows = vectorsOf(left, leading, !transposeLeft);
  const columns = vectorsOf(right, leading, transposeRight);
  const rowPanels = new Float64Array(Math.ceil(rows.count / tileRows) * tileRows * inner);
  const columnPanels = new Float64Array(Math.ceil(columns.count / tileColumns) * tileColumns * inner);
  const tile = new Float64Array(tileRows * tileColumns);
  for (const [matrix, start] of rows.starts.entries()) {
    pack(rows, start, inner, tileRows, rowPanels);
    pack(columns, columns.starts[matrix]!, inner, tileColumns, columnPanels);
    const corner = matrix * rows.count * columns.count;
    for (let row = 0; row < rows.count; row += tileRows) {
      for (let column = 0; column < columns.count; column += tileColumns) {
        multiplyTile(rowPanels, row * inner, columnPanels, column * inner, inner, tile);
        storeTile(tile, scale, output.data, corner, row, rows.count, column, columns.count);
      }
    }
  }
  return output;
}

function vectorsOf({ data, shape }: PlainTensor, leading: readonly number[], byRows: boolean): Vectors {
  const [height, width] = [shape.at(-2)!, shape.at(-1)!];
  const starts = placesOf(leading, broadcastStrides(shape.slice(0, -2), leading)).map(
    (index) => index * height * width,
  );
  return byRows
    ? { data, count: height, steps: [width, 1], starts }
    : { data, count: width, steps: [1, width], starts };
}

/** Panels of `lanes` vectors: their first elements, their second ones, … Lanes that are left over keep what they had. */
function pack(vectors: Vectors, start: number, inner: number, lanes: number, panels: Float64Array): void {
  const {
    data,
    count,
    steps: [vectorStep, elementStep],
  } = vectors;
  for (let vector = 0; vector < count; vector++) {
    const lane = vector % lanes;
    let from = start + vector * vectorStep;
    let to = (vector - lane) * inner + lane;
    for (let k = 0; k < inner; k++, from += elementStep, to += lanes) panels[to] = data[from]!;
  }
}

/** The tile of the product that two panels make; `l` and `r` are where they begin. All sums stay in registers. */
function multiplyTile(
  left: Float64Array,
  l: number,
  right: Float64Array,
  r: number,
  inner: number,
  tile: Float64Array,
) {
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  for (const end = r + inner * tileColumns; r < end; l += tileRows, r += tileColumns) {
    const right0 = right[r]!;
    const right1 = right[r + 1]!;
    s00 += left[l]! * right0;
    s01 += left[l]! * right1;
    s10 += left[l + 1]! * right0;
    s11 += left[l + 1]! * right1;
    s20 += left[l + 2]! * right0;
    s21 += left[l + 2]! * right1;
    s30 += left[l + 3]! * right0;
    s31 += left[l + 3]! * right1;
  }
  tile[0] = s00;
  tile[1] = s01;
  tile[2] = s10;
  tile[3] = s11;
  tile[4] = s20;
  tile[5] = s21;
  tile[6] = s30;
  tile[7] = s31;
}

/** Puts a tile into the product whose first element is at `corner`, but for what is beyond its last row and column. */
function storeTile(
  tile: Float64Array,
  scale: number,
  output: PlainData,
  corner: number,
  row: number,
  rows: number,
  column: number,
  columns: number,
): void {
  const [height, width] = [Math.min(tileRows, rows - row), Math.min(tileColumns, columns - column)];
  for (let i = 0; i < height; i++) {
    const place = corner + (row + i) * columns + column;
    for (let j = 0; j < width; j++) output[place + j] = scale * tile[i * tileColumns + j]!;
  }
}
