import { repeatHeads } from "../composites/attention.js";
import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, lessOrEqual, logicalAnd, maximum, minimum, mul, neg, pad, sub, where } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith, type RelativeScoresContext, type ValuesContext } from "./encoding.js";
import { type RelativeVectors, relativeKeyProducts, relativeProducts, relativeSums } from "./relative-products.js";

/** What a relative vector is multiplied with or added to. */
export type ShawTerm = "query" | "key" | "value";

export interface ShawOptions {
  /** How many earlier keys have a vector of their own. Default 16. */
  readonly left?: number;
  /** How many later keys have a vector of their own. Default: as many as earlier ones. */
  readonly right?: number;
  /** Where vectors act: q_i·a, k_j·a (both from one table), Σ α·a. Default ["query", "value"], as in the paper. */
  readonly terms?: readonly ShawTerm[];
  /** Vectors of farther keys: the last one's, or none, as in VITS. Default "nearest". */
  readonly outside?: "nearest" | "none";
  /** Order of the table's rows: rising with key − query, or with query − key as in BERT. Default "key − query". */
  readonly order?: "key − query" | "query − key";
  /** One table for all heads, or one for each. Default "shared". */
  readonly tables?: "shared" | "perHead";
  /** Default "layer". */
  readonly scope?: "model" | "layer";
  /** Standard deviation of the initial tables. Default 1/√D. */
  readonly initialDeviation?: number;
}

/** Row of a distance key − query in a table of left + 1 + right rows, or left + 1 + right itself where there is none. */
export function shawRow(distance: number, options: ShawOptions = {}): number {
  const { left = 16, right = left, outside = "nearest", order = "key − query" } = options;
  if (outside === "none" && (distance < -left || distance > right)) return left + 1 + right;
  const clipped = Math.min(Math.max(distance, -left), right);
  return order === "key − query" ? clipped + left : right - clipped;
}

/**
 * Trained vectors of relative positions that act on queries, keys and values.
 *
 * s_ij = q_i·(k_j + a^K_ij)/√d, o_i = Σ_j α_ij·(v_j + a^V_ij), a_ij = w[clip(j − i, −k, k)]. Relative positions are
 * key − query, as in the paper: Shaw et al., arXiv:1803.02155. Tables `weight` for scores and `value` for values,
 * [left + 1 + right, D], shared over heads. Windows with two sides agree with Hugging Face's Wav2Vec2-BERT.
 */
export function shaw(options: ShawOptions = {}): EncodingWith<"parameters", "weight" | "value"> {
  const { left = 16, right = left, terms = ["query", "value"], tables = "shared", scope = "layer" } = options;
  const { outside = "nearest", order = "key − query", initialDeviation } = options;
  for (const side of [left, right]) {
    check(Number.isInteger(side) && side >= 0, "shaw", () => `a side of the window must be whole, got ${side}`);
  }
  check(terms.length > 0, "shaw", () => "terms must name a query, key or value, got none");
  const row = rowOf({ left, right, outside, order });
  const vectors = (table: Tensor): RelativeVectors => ({ table: outside === "none" ? withZeroRow(table) : table, row });
  return defineEncoding<"weight" | "value", EncodingWith<"parameters", "weight" | "value">>({
    kind: "shaw",
    settings: { left, right, terms, outside, order, tables, scope, initialDeviation },
    cache: "rotated-keys",
    scope,
    parameters: ({ heads, headSize }) => {
      const table = {
        shape: [...(tables === "perHead" ? [heads] : []), left + 1 + right, headSize],
        initialize: normal(initialDeviation ?? headSize ** -0.5),
        decay: false,
      };
      const names = new Set(terms.map((term) => (term === "value" ? "value" : "weight")));
      return Object.fromEntries([...names].map((name) => [name, table]));
    },
    ...(terms.some((term) => term !== "value") && {
      relativeScores: (context) => {
        return terms
          .flatMap((term) => scoreTerms[term]?.(context, vectors) ?? [])
          .reduce((sum, term) => add(sum, term));
      },
    }),
    ...(terms.includes("value") && { values: valueTerm(vectors) }),
  });
}

type Vectors = (table: Tensor) => RelativeVectors;

const scoreTerms: {
  readonly [T in ShawTerm]?: (context: RelativeScoresContext<"weight" | "value">, vectors: Vectors) => Tensor;
} = {
  query: ({ query, queryPositions, keyPositions, parameters, scale }, vectors) => {
    const at = { query: queryPositions, key: keyPositions };
    return relativeProducts(mul(query, scale), vectors(parameters.weight), at);
  },
  key: ({ query, key, queryPositions, keyPositions, parameters, scale }, vectors) => {
    const at = { query: queryPositions, key: keyPositions };
    const { table, row } = vectors(parameters.weight);
    const repeated = repeatHeads(mul(key, scale), (query.shape[1] as number) / (key.shape[1] as number));
    return relativeKeyProducts(repeated, { table, row: (distances) => row(neg(distances)) }, at);
  },
};

const valueTerm =
  (vectors: Vectors) =>
  ({ probabilities, output, parameters, queryPositions, keyPositions }: ValuesContext<"weight" | "value">): Tensor => {
    const at = { query: queryPositions, key: keyPositions };
    return add(output, relativeSums(probabilities, vectors(parameters.value), at));
  };

/** `shawRow` as graph. */
function rowOf({ left, right, outside, order }: Required<Pick<ShawOptions, "left" | "right" | "outside" | "order">>) {
  return (distances: Tensor): Tensor => {
    const clipped = maximum(minimum(distances, right), -left);
    const rows = order === "key − query" ? add(clipped, left) : sub(right, clipped);
    if (outside === "nearest") return rows;
    const inside = logicalAnd(lessOrEqual(-left, distances), lessOrEqual(distances, right));
    return where(inside, rows, left + 1 + right);
  };
}

/** A table with a last row of zeros, for keys without a vector. */
function withZeroRow(table: Tensor): Tensor {
  return pad(table, { [-2]: [0, 1] });
}
