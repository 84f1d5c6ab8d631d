import { logSigmoid } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { check } from "../errors.js";
import { type Initializer, normal } from "../nn/parameters.js";
import type { Dim } from "../tensor/dimension.js";
import { elementCount, tensor } from "../tensor/host-tensor.js";
import { defineEncoding, type EncodingWith, requireState } from "./encoding.js";
import { gateDifferences, gateDistances } from "./forget-gates.js";

export interface FoxOptions {
  /** Whether keys after the query have gates of their own, as in encoders. Default `false`. */
  readonly bidirectional?: boolean;
  /** Initial bias of all gates. Default 0, as in the authors' code; 5 in x-transformers. */
  readonly initialBias?: number;
  /** Instead: initial biases that keep e^(−1/τ) of the past at each step, τ spaced evenly in the logarithm over heads. */
  readonly timeConstants?: readonly [shortest: number, longest: number];
}

/** b_h = −ln(e^(1/τ_h) − 1), so that σ(b_h) = e^(−1/τ_h), with τ_h from `shortest` to `longest`. */
export function forgetGateBiases(heads: number, [shortest, longest]: readonly [number, number]): Float64Array {
  check(
    shortest > 0 && longest >= shortest,
    "fox",
    () => `time constants must be positive and rise, got ${shortest} and ${longest}`,
  );
  return Float64Array.from({ length: heads }, (_, h) => {
    const constant = shortest * (longest / shortest) ** (heads === 1 ? 0 : h / (heads - 1));
    return -Math.log(Math.expm1(1 / constant));
  });
}

/**
 * Forgetting attention: scores fall by the logarithms of forget gates between key and query, computed from the input.
 *
 * f_t = σ(W·x_t + b), s_ij = q_i·k_j·scale + Σ_{t=j+1}^{i} ln f_t; with constant f this is ALiBi of slope −ln f. Lin et
 * al., arXiv:2503.02130. Agrees with flash-linear-attention's `naive_forgetting_attn`, and for the projection and both
 * sides with x-transformers' `DataDependentAlibi`. State: ln f of each token [B, S, H], or [B, S, 2·H] with the gates
 * for later keys last.
 */
export function fox(
  options: FoxOptions = {},
): EncodingWith<"state" | "relativeScores" | "parameters", "weight" | "bias"> {
  const { bidirectional = false, initialBias = 0, timeConstants } = options;
  const sides = bidirectional ? 2 : 1;
  const biases: Initializer = (_, shape) => {
    const count = elementCount(shape);
    if (!timeConstants) return tensor(new Float64Array(count).fill(initialBias), shape);
    const values = forgetGateBiases(count / sides, timeConstants);
    return tensor(
      Array.from({ length: count }, (_, h) => values[h % values.length] as number),
      shape,
    );
  };
  return defineEncoding({
    kind: "fox",
    settings: { bidirectional, initialBias, ...(timeConstants && { timeConstants }) },
    cache: "state",
    scope: "layer",
    parameters: ({ width, heads }) => ({
      weight: { shape: [sides * heads, width], initialize: normal(0.02) },
      bias: { shape: [sides * heads], initialize: biases, decay: false },
    }),
    state: ({ parameters, x }) => logSigmoid(linear(x, parameters.weight, parameters.bias)),
    relativeScores: ({ query, state }) => {
      const distances = bidirectional ? gateDistances : gateDifferences;
      return distances(requireState("fox", state), query.shape[2] as Dim);
    },
  });
}
