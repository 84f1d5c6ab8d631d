import { asRows, linear, scaledMatMul } from "../composites/linear.js";
import { relativeShift, relativeUnshift } from "../composites/relative-shift.js";
import { oneHot } from "../composites/scatter-add.js";
import {
  add,
  expand,
  gather,
  gatherElements,
  iota,
  mul,
  pad,
  reshape,
  slice,
  sub,
  transposeLast,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { overHeads, relativePositions } from "./distance.js";
import { distanceRange, isRange, type Places } from "./position-range.js";

/** Vectors of relative positions: row(key − query) of a table [R, D] for all heads, or [H, R, D] for each. */
export interface RelativeVectors {
  readonly table: Tensor;
  /** Rows of distances key − query, both int32 of any shape. */
  row(distances: Tensor): Tensor;
  /** From how many positions before the query on all keys have the same row. Default: no such number. */
  readonly reach?: number | undefined;
}

/**
 * x_i · table[row(j − i)] for every pair: x [B, H, Q, D] → [B, H, Q, K].
 *
 * Where positions are ranges: one product for each distance that occurs, [B, H, Q, Q + K + 1], shifted; many more
 * queries than keys in blocks of as many. Other positions: one product for each row of the table, and the pair's taken.
 * The vectors of all pairs [Q, K, D] never exist.
 */
export function relativeProducts(x: Tensor, { table, row }: RelativeVectors, at: Places): Tensor {
  const distances = distanceRange(at);
  if (distances && isTall(at)) return productsInBlocks(x, { table, row }, at);
  if (distances) return productsByDistance(x, gather(table, row(distances), -2));
  const products = productsByRow(x, table);
  const rows = overHeads(row(relativePositions(at.query, at.key)));
  return gatherElements(products, expand(rows, [...x.shape.slice(0, 3), rows.shape[3] as Dim]), 3);
}

/** Whether there are several times as many queries as keys: of all the distances, each query then has few. */
function isTall({ query, key }: Places): boolean {
  const [queries, keys] = [query.shape[0] as Dim, key.shape[0] as Dim];
  if (keys === 1) return queries !== 1;
  return typeof queries === "number" && typeof keys === "number" && queries > keys && queries % keys === 0;
}

/** `relativeProducts` of ranges for n·K queries, K at a time, each with the 2K + 1 distances that they have. */
function productsInBlocks(x: Tensor, { table, row }: RelativeVectors, { query, key }: Places): Tensor {
  const [batch, heads, rows, size] = x.shape as readonly [Dim, Dim, Dim, Dim];
  const block = key.shape[0] as number;
  const blocks = typeof rows === "number" ? rows / block : rows;
  const first = distanceRange({ query: slice(query, { 0: [0, block] }), key }) as Tensor;
  const distances = sub(reshape(first, [1, 2 * block + 1]), mul(reshape(iota([blocks]), [blocks, 1]), block));
  const vectors = gather(table, row(distances), -2);
  const products = scaledMatMul(reshape(x, [batch, heads, blocks, block, size]), vectors, { transposeRight: true });
  return reshape(relativeShift(products), [batch, heads, rows, block]);
}

/** x_i · vectors[j − i + Q], for vectors [Q + K + 1, D] or [H, Q + K + 1, D] by distance: x [B, H, Q, D] → [B, H, Q, K]. */
export function productsByDistance(x: Tensor, vectors: Tensor): Tensor {
  return relativeShift(productsByRow(x, vectors));
}

/** Of more keys for each query the two parts of `relativeKeyProducts` would take too much memory. */
const keysPerQuery = 8;

/**
 * y_j · table[row(i − j)] for every pair, where `row` gets query − key: y [B, H, K, D] → [B, H, Q, K].
 *
 * The products of `relativeProducts` seen from the keys; where attention is `causal`, and distances have a reach, one
 * for each key that all queries have beyond it.
 */
export function relativeKeyProducts(y: Tensor, vectors: RelativeVectors, at: Places, causal = false): Tensor {
  const { query, key } = at;
  const seen = (keys: Tensor, of: Tensor): Tensor =>
    transposeLast(relativeProducts(of, vectors, { query: keys, key: query }));
  const [queries, keys] = [query.shape[0] as Dim, key.shape[0] as Dim];
  if (!causal || vectors.reach === undefined || !isRange(key) || !isRange(query)) return seen(key, y);
  if (typeof queries !== "number" || typeof keys !== "number" || keys > keysPerQuery * queries) return seen(key, y);
  const first = keys - queries * (1 + Math.ceil(vectors.reach / queries));
  if (first <= 0) return seen(key, y);
  const near = seen(slice(key, { 0: [first, keys] }), slice(y, { 2: [first, keys] }));
  const distance = sub(slice(query, { 0: [0, 1] }), slice(key, { 0: [0, 1] }));
  const far = productsByRow(slice(y, { 2: [0, first] }), gather(vectors.table, vectors.row(distance), -2));
  return add(pad(near, { 3: [first, 0] }), pad(transposeLast(far), { 3: [0, keys - first] }));
}

/** Σ_j w_ij · table[row(j − i)]: weights [B, H, Q, K] → [B, H, Q, D]. */
export function relativeSums(weights: Tensor, { table, row }: RelativeVectors, at: Places): Tensor {
  const distances = distanceRange(at);
  if (distances) return timesTable(relativeUnshift(weights), gather(table, row(distances), -2));
  const [batch, heads, queries, keys] = weights.shape as readonly [Dim, Dim, Dim, Dim];
  const hot = oneHot(overHeads(row(relativePositions(at.query, at.key))), table.shape.at(-2) as Dim);
  const sums = scaledMatMul(reshape(weights, [batch, heads, queries, 1, keys]), hot);
  return timesTable(reshape(sums, [batch, heads, queries, table.shape.at(-2) as Dim]), table);
}

function productsByRow(x: Tensor, table: Tensor): Tensor {
  return table.rank === 2 ? linear(x, table) : scaledMatMul(x, table, { transposeRight: true });
}

/** weights [B, H, Q, R] times rows of a table [R, D] or [H, R, D]. */
function timesTable(weights: Tensor, table: Tensor): Tensor {
  if (table.rank === 3) return scaledMatMul(weights, table);
  return reshape(scaledMatMul(asRows(weights), table), [...weights.shape.slice(0, -1), table.shape[1] as Dim]);
}
