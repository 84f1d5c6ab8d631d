import { softplus } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { normal, zeros } from "../nn/parameters.js";
import { neg } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { defineEncoding, type EncodingWith, requireState } from "./encoding.js";
import { gateDifferences } from "./forget-gates.js";

/**
 * Context-aware biases: each token lowers the scores of all keys before it, by an amount that it chooses for each head.
 *
 * b_ij = p_i − p_j with p the running sum of −softplus(W·x + b): forgetting attention with gates σ(−(W·x + b)). Veisi et
 * al., arXiv:2503.08067. Written from the authors' code (axiomlab/Cable), which does not scale its products by 1/√d; the
 * model's `scale` decides that. State: −softplus(W·x + b) of each token [B, S, H].
 */
export function cable(): EncodingWith<"state" | "relativeScores" | "parameters", "weight" | "bias"> {
  return defineEncoding({
    kind: "cable",
    settings: {},
    cache: "state",
    scope: "layer",
    parameters: ({ width, heads }) => ({
      weight: { shape: [heads, width], initialize: normal(0.02) },
      bias: { shape: [heads], initialize: zeros, decay: false },
    }),
    state: ({ parameters, x }) => neg(softplus(linear(x, parameters.weight, parameters.bias))),
    relativeScores: ({ query, state }) => gateDifferences(requireState("cable", state), query.shape[2] as Dim),
  });
}
