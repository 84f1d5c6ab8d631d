import { repeatHeads } from "../composites/attention.js";
import { linear } from "../composites/linear.js";
import { check } from "../errors.js";
import { normal, zeros } from "../nn/parameters.js";
import { add, mul, neg, reshape, transpose } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { type DebertaRowOptions, debertaRows } from "./deberta-buckets.js";
import {
  defineEncoding,
  type EncodingParameterSpecs,
  type EncodingWith,
  type RelativeScoresContext,
} from "./encoding.js";
import { type RelativeVectors, relativeKeyProducts, relativeProducts } from "./relative-products.js";

/** Content to position, q_i·K^r_δ; position to content, k_j·Q^r_δ. */
export type DebertaTerm = "c2p" | "p2c";

export interface DebertaOptions extends DebertaRowOptions {
  /** Default both. */
  readonly terms?: readonly DebertaTerm[];
  /**
   * "projected": one table for the model and projections for each layer, as in the paper; "direct": each layer has the
   * projected tables themselves, for what a checkpoint's weights give. Default "projected".
   */
  readonly tables?: "projected" | "direct";
  /** Standard deviation of the initial parameters. Default 0.02. */
  readonly initialDeviation?: number;
}

type DebertaParameters = "table" | "keyWeight" | "queryWeight" | "queryBias" | "positionKey" | "positionQuery";

/**
 * Disentangled attention: content to content, content to position and position to content, each with its own vectors.
 *
 * s_ij = [Q^c_i·K^c_j + Q^c_i·K^r_δ + K^c_j·Q^r_δ]/√(d·(1 + terms)), where δ is the row of a distance, which is query −
 * key in the paper: clip(i − j + k, 0, 2k − 1) (v1), or by logarithmic bucket (v2, v3). He et al., arXiv:2006.03654 and
 * 2111.09543. Agrees with Hugging Face and microsoft/DeBERTa, which take δ(i, j) for both terms where the paper has
 * δ(j, i) for the last. Scores get the model's `scale`, which should be 1/√d, and 1/√(1 + terms) here. P = `table`
 * [2k, width], W_{k,r} = `keyWeight` and W_{q,r} = `queryWeight` [H·D, width], `queryBias`; or `positionKey` and
 * `positionQuery` [2k, H·D]. Positions never share the content's projections (v2's `share_att_key`).
 */
export function deberta(
  options: DebertaOptions = {},
): EncodingWith<"transform" | "relativeScores" | "parameters", DebertaParameters> {
  const { span = 256, buckets = "transformers", maximumDistance = 512 } = options;
  const { terms = ["c2p", "p2c"], tables = "projected", initialDeviation = 0.02 } = options;
  check(terms.length > 0, "deberta", () => "terms must name c2p or p2c, got none");
  const factor = 1 / Math.sqrt(1 + terms.length);
  const row = debertaRows({ span, buckets, maximumDistance });
  const reach = buckets === "none" ? span : maximumDistance;
  return defineEncoding({
    kind: "deberta",
    settings: { span, buckets, maximumDistance, terms, tables, initialDeviation },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ width, heads, headSize }) => {
      const trained = { initialize: normal(initialDeviation) };
      const direct = { ...trained, shape: [2 * span, heads * headSize], decay: false };
      const projection = { ...trained, shape: [heads * headSize, width] };
      const table = { ...trained, shape: [2 * span, width], decay: false, scope: "model" } as const;
      const bias = { shape: [heads * headSize], initialize: zeros };
      const specs: Record<typeof tables, Record<DebertaTerm, EncodingParameterSpecs>> = {
        projected: { c2p: { table, keyWeight: projection }, p2c: { table, queryWeight: projection, queryBias: bias } },
        direct: { c2p: { positionKey: direct }, p2c: { positionQuery: direct } },
      };
      return Object.assign({}, ...terms.map((term) => specs[tables][term]));
    },
    transform: ({ query, key }) => ({ query: mul(query, factor), key }),
    relativeScores: (context) => {
      const heads = context.query.shape[1] as number;
      const scores = terms.map((term) => {
        const table = perHeadTable(tablesOf[tables][term](context.parameters), heads);
        return termScores[term](context, { table, row, reach }, factor);
      });
      return scores.reduce((sum, term) => add(sum, term));
    },
  });
}

type Parameters = Readonly<Record<DebertaParameters, Tensor>>;

/** Vectors of positions [2k, H·D]. */
const tablesOf: Readonly<
  Record<Required<DebertaOptions>["tables"], Record<DebertaTerm, (parameters: Parameters) => Tensor>>
> = {
  projected: {
    c2p: ({ table, keyWeight }) => linear(table, keyWeight),
    p2c: ({ table, queryWeight, queryBias }) => linear(table, queryWeight, queryBias),
  },
  direct: { c2p: ({ positionKey }) => positionKey, p2c: ({ positionQuery }) => positionQuery },
};

/** Scores of a term, for queries that have the factor 1/√(1 + terms) already. */
const termScores: Readonly<
  Record<
    DebertaTerm,
    (context: RelativeScoresContext<DebertaParameters>, vectors: RelativeVectors, factor: number) => Tensor
  >
> = {
  c2p: ({ query, queryPositions, keyPositions, scale }, vectors) => {
    return relativeProducts(mul(query, scale), vectors, { query: queryPositions, key: keyPositions });
  },
  p2c: ({ query, key, queryPositions, keyPositions, scale, causal }, { table, row, reach }, factor) => {
    const groups = (query.shape[1] as number) / (key.shape[1] as number);
    const keys = repeatHeads(mul(key, scale * factor), groups);
    const vectors = { table, row: (distances: Tensor) => row(neg(distances)), reach };
    return relativeKeyProducts(keys, vectors, { query: queryPositions, key: keyPositions }, causal);
  },
};

/** [rows, H·D] as [H, rows, D]. */
function perHeadTable(table: Tensor, heads: number): Tensor {
  const [rows, width] = table.shape as readonly [number, number];
  return transpose(reshape(table, [rows, heads, width / heads]), [1, 0, 2]);
}
