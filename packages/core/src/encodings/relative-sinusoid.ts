import { scaledMatMul } from "../composites/linear.js";
import {
  add,
  concat,
  constant,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  slice,
  sub,
  transpose,
} from "../primitives/operations.js";
import { addDims, type Dim, subtractDims } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt } from "./angles.js";
import { overHeads } from "./distance.js";
import { distanceRange, type Places } from "./position-range.js";
import { productsByDistance, relativeProducts } from "./relative-products.js";
import { mapRotations } from "./rotation.js";
import { layOut, type SinusoidLayout, sinusoidalFrequencies, sinusoidalRow } from "./sinusoidal.js";

export interface RelativeSinusoidOptions {
  readonly layout: SinusoidLayout;
  /** Distance from which on all keys share one sinusoid. Default: none. */
  readonly clampLength?: number | undefined;
  /** As hooks get it: where the places are a chunk of more, those of the last chunk. Default: they are all. */
  readonly widest?: Places | undefined;
}

/**
 * x_i · (W·R_{i−j}) for every pair, where R is the sinusoid of a distance query − key over the model's width and W a
 * weight [H·D, width]: x [B, H, Q, D] → [B, H, Q, K].
 *
 * Where positions are ranges, one vector W·R_n for each distance that occurs; where distances are clamped, one for each
 * of those. Other positions: the factorized form, x·W turned by the query's angles times the key's sines and cosines
 * (Funnel-Transformer, arXiv:2006.03236).
 */
export function relativeSinusoidProducts(
  x: Tensor,
  weight: Tensor,
  at: Places,
  { layout, clampLength, widest = at }: RelativeSinusoidOptions,
): Tensor {
  const width = weight.shape[1] as number;
  const heads = x.shape[1] as number;
  if (clampLength !== undefined) {
    const rows = Array.from({ length: 2 * clampLength + 1 }, (_, row) => {
      return [...sinusoidalRow(row - clampLength, width, { layout })];
    });
    const sinusoids = constant(exactTensor(rows.flat(), [rows.length, width]));
    const row = (distances: Tensor): Tensor => {
      return sub(clampLength, maximum(minimum(distances, clampLength), -clampLength));
    };
    return relativeProducts(x, { table: projected(sinusoids, weight, heads), row }, at);
  }
  const distances = distanceRange(widest);
  if (!distances) return factorizedProducts(x, weight, at, layout);
  const sinusoids = layOut(rotationsAt(neg(distances), sinusoidalFrequencies(width)), layout);
  const vectors = projected(sinusoids, weight, heads);
  if (widest === at) return productsByDistance(x, vectors);
  const [queries, keys] = [at.query.shape[0] as Dim, at.key.shape[0] as Dim];
  const first = subtractDims(widest.key.shape[0] as Dim, keys);
  const end = addDims(addDims(first, queries), addDims(keys, 1));
  return productsByDistance(x, slice(vectors, { 1: [first, end] }));
}

/** R·Wᵀ for each head: [n, width] and [H·D, width] → [H, n, D]. */
function projected(sinusoids: Tensor, weight: Tensor, heads: number): Tensor {
  const [size, width] = weight.shape as readonly [number, number];
  return scaledMatMul(sinusoids, reshape(weight, [heads, size / heads, width]), { transposeRight: true });
}

/**
 * Σ_m a_m·sin((i − j)ω_m) + b_m·cos((i − j)ω_m), where a and b are x·W's coordinates for sines and cosines, by
 * sin(i − j) = sin i·cos j − cos i·sin j and cos(i − j) = cos i·cos j + sin i·sin j.
 */
function factorizedProducts(x: Tensor, weight: Tensor, { query, key }: Places, layout: SinusoidLayout): Tensor {
  const [heads, size] = [x.shape[1] as number, x.shape[3] as number];
  const width = weight.shape[1] as number;
  const frequencies = sinusoidalFrequencies(width);
  const coordinates = scaledMatMul(x, reshape(sinesFirst(weight, layout), [heads, size, width]));
  const a = slice(coordinates, { [-1]: [0, width / 2] });
  const b = slice(coordinates, { [-1]: [width / 2, width] });
  const [at, of] = [anglesAt(query, frequencies), anglesAt(key, frequencies)];
  const forCosines = add(mul(a, at.sin), mul(b, at.cos));
  const forSines = sub(mul(b, at.sin), mul(a, at.cos));
  return scaledMatMul(concat([forCosines, forSines], -1), concat([of.cos, of.sin], -1), { transposeRight: true });
}

/** Columns of a weight [n, width] with those of all sines before those of all cosines. */
function sinesFirst(weight: Tensor, layout: SinusoidLayout): Tensor {
  if (layout === "concatenated") return weight;
  const [rows, width] = weight.shape as readonly [number, number];
  return reshape(transpose(reshape(weight, [rows, width / 2, 2]), [0, 2, 1]), [rows, width]);
}

/** Cosines and sines [1 or B, 1, S, width/2], to broadcast over heads. */
function anglesAt(positions: Tensor, frequencies: Float64Array): Rotations {
  return mapRotations(rotationsAt(positions, frequencies), overHeads);
}
