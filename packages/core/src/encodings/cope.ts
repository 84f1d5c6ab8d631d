import { sigmoid } from "../composites/activations.js";
import { check } from "../errors.js";
import { zeros } from "../nn/parameters.js";
import {
  add,
  cast,
  cumSum,
  div,
  floor,
  gatherElements,
  matMul,
  minimum,
  mul,
  neg,
  stopGradient,
  sub,
  transpose,
} from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith, type ScoresContext } from "./encoding.js";

export interface CopeOptions {
  /** Number of trained vectors, p_max: all contextual positions beyond the last one share it. Default 64. */
  readonly positions?: number;
  /** What gates are computed from: q·k as it enters softmax, as in x-transformers, or without its factor. Default "scaled". */
  readonly gates?: keyof typeof gateLogits;
}

const gateLogits = {
  scaled: (products: Tensor, _scale: number) => products,
  unscaled: (products: Tensor, scale: number) => div(products, scale),
} as const;

/**
 * p_ij = Σ_{t=j}^{i} g_it: how many of the tokens from the key to the query count, both included. Gates [..., Q, K] of
 * keys that may not be seen must be 0.
 */
export function contextualPositions(gates: Tensor): Tensor {
  return cumSum(gates, -1, { reverse: true });
}

/**
 * Contextual position encoding: distances count the tokens that a gate of query and key lets count, and a trained vector
 * of that distance, interpolated between whole ones, is multiplied by the query.
 *
 * g_ij = σ(q_i·k_j·scale), p_ij = min(Σ_{t=j}^{i} g_it, p_max − 1), s_ij = q_i·k_j·scale + q_i·e[p_ij], where q_i·e is
 * not scaled. Golovneva et al., arXiv:2405.18719, whose gates are σ(q_i·k_j) (`gates: "unscaled"`); x-transformers and
 * DAPE's copy gate by what enters softmax. Agrees with both of these. Its gradient takes p_max numbers for each pair of
 * query and key.
 */
export function cope(options: CopeOptions = {}): EncodingWith<"scores" | "parameters", "weight"> {
  const { positions = 64, gates = "scaled" } = options;
  check(Number.isInteger(positions) && positions > 0, "cope", () => {
    return `number of positions must be whole and positive, got ${positions}`;
  });
  return defineEncoding({
    kind: "cope",
    settings: { positions, gates },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ headSize }) => ({
      weight: { shape: [positions, headSize], initialize: zeros, decay: false },
    }),
    scores: (context) => {
      const products = context.products();
      const open = sigmoid(gateLogits[gates](products, context.scale));
      const visible = context.allowed ? mul(open, cast(context.allowed, open.dtype)) : open;
      return add(products, interpolated(context, contextualPositions(visible)));
    },
  });
}

/** q·e[p] between the whole positions below and above p. */
function interpolated({ query, parameters }: ScoresContext<"weight">, positions: Tensor): Tensor {
  const byPosition = matMul(query, transpose(parameters.weight, [1, 0]));
  const position = minimum(positions, (byPosition.shape.at(-1) as number) - 1);
  const fixed = stopGradient(position);
  const [below, above] = [floor(fixed), neg(floor(neg(fixed)))].map((whole) => {
    return gatherElements(byPosition, cast(whole, "int32"), -1);
  }) as [Tensor, Tensor];
  return add(below, mul(sub(position, floor(fixed)), sub(above, below)));
}
