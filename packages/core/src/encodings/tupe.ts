import { linear, scaledMatMul } from "../composites/linear.js";
import { check } from "../errors.js";
import { normal, zeros } from "../nn/parameters.js";
import { equal, gather, mul, reshape, slice, transpose, where } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { asColumn, asRow } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface TupeOptions {
  /** Number of positions; later ones do not exist. */
  readonly maximumPositions: number;
  /** "untied": position 0 is [CLS], whose scores from and to it are two trained numbers for each head. Default "tied". */
  readonly cls?: "tied" | "untied";
  /** Standard deviation of the initial parameters. Default 0.02. */
  readonly initialDeviation?: number;
}

type TupeParameters = "table" | "queryWeight" | "keyWeight" | "cls";

/**
 * Positions and words apart: positions have projections of their own, and their scores serve all layers.
 *
 * s_ij = (x_i·W^Q)·(x_j·W^K)/√(2d) + (p_i·U^Q)·(p_j·U^K)/√(2d); with cls "untied" the last term is θ₁ in row 0 and θ₂ in
 * the rest of column 0. Ke et al., arXiv:2006.15595, from the formula. The model's `scale` should be 1/√d; 1/√2 is
 * applied here. TUPE-R adds T5's bias: `combine(tupe(…), t5(…))`. p = `table` [positions, width], U^Q = `queryWeight` and
 * U^K = `keyWeight` [H·D, width], θ = `cls` [2, H].
 */
export function tupe(options: TupeOptions): EncodingWith<"transform" | "bias" | "parameters", TupeParameters> {
  const { maximumPositions, cls = "tied", initialDeviation = 0.02 } = options;
  check(Number.isInteger(maximumPositions) && maximumPositions > 0, "tupe", () => {
    return `number of positions must be whole and positive, got ${maximumPositions}`;
  });
  return defineEncoding<TupeParameters, EncodingWith<"transform" | "bias" | "parameters", TupeParameters>>({
    kind: "tupe",
    settings: { maximumPositions, cls, initialDeviation },
    cache: "rotated-keys",
    maximumPositions,
    parameters: ({ width, heads, headSize }) => {
      const trained = { initialize: normal(initialDeviation) };
      return {
        table: { ...trained, shape: [maximumPositions, width], decay: false },
        queryWeight: { ...trained, shape: [heads * headSize, width] },
        keyWeight: { ...trained, shape: [heads * headSize, width] },
        ...(cls === "untied" && { cls: { shape: [2, heads], initialize: zeros, decay: false } }),
      };
    },
    transform: ({ query, key }) => ({ query: mul(query, Math.SQRT1_2), key }),
    bias: ({ query, key, heads, parameters }) => {
      const { table, queryWeight, keyWeight } = parameters;
      const size = (queryWeight.shape[0] as number) / heads;
      const project = (weight: Tensor, at: Tensor): Tensor => {
        const rows = linear(gather(table, at), weight);
        const split = reshape(rows, [at.rank === 2 ? (at.shape[0] as Dim) : 1, at.shape.at(-1) as Dim, heads, size]);
        return transpose(split, [0, 2, 1, 3]);
      };
      const scale = 1 / Math.sqrt(2 * size);
      const scores = scaledMatMul(project(queryWeight, query), project(keyWeight, key), {
        transposeRight: true,
        scale,
      });
      return cls === "tied" ? scores : withCls(scores, parameters.cls, query, key);
    },
  });
}

/** θ₁ in rows and θ₂ in columns of position 0. */
function withCls(scores: Tensor, cls: Tensor, query: Tensor, key: Tensor): Tensor {
  const heads = cls.shape[1] as number;
  const [rows, columns] = [equal(asColumn(query), 0), equal(asRow(key), 0)];
  const [theta1, theta2] = [0, 1].map((index) => {
    return reshape(slice(cls, { 0: [index, index + 1] }), [1, heads, 1, 1]);
  }) as [Tensor, Tensor];
  return where(rows, theta1, where(columns, theta2, scores));
}
