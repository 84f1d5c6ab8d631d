import { filled, ones } from "../nn/parameters.js";
import { abs, add, cast, div, log, maximum, mul, reshape } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { relativePositions } from "./distance.js";
import { headsFirst } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { perceptron, perceptronParameters } from "./perceptron.js";

export interface FireOptions {
  /** Width of the network's hidden layer. Default 32. */
  readonly hidden?: number;
  /** L, the query's position from which on distances are measured against it; a trained factor moves it. Default 512. */
  readonly threshold?: number;
  /** c at the beginning. Default 0.1. */
  readonly slope?: number;
  /** Added to the normalizer. Default 1e-6. */
  readonly epsilon?: number;
  /** One set of parameters for the model (FIRE-S), or one for each layer. Default "model". */
  readonly scope?: "model" | "layer";
}

/**
 * Functional interpolation: a trained network of the distance as a share of the query's own position.
 *
 * b_h(i, j) = f_θ(ψ(i − j) / (ψ(max(i, L)) + ε))_h with ψ(x) = ln(|c·x| + 1), f_θ of one hidden layer with ReLU and
 * L = |m·threshold|; c and m are trained. Li et al., arXiv:2310.04418 (ε is not in the paper). Depends on |i − j|, so on
 * no sign; not invariant to translation for i > L. Agrees with mcleish7/arithmetic without its random positions, and
 * with DAPE's copy, which gives keys above the diagonal distance 0.
 */
export function fire(options: FireOptions = {}): EncodingWith<"bias" | "parameters", string> {
  const { hidden = 32, threshold = 512, slope = 0.1, epsilon = 1e-6, scope = "model" } = options;
  return defineEncoding<string>({
    kind: "fire",
    settings: { hidden, threshold, slope, epsilon, scope },
    cache: "rotated-keys",
    scope,
    parameters: ({ heads }) => ({
      ...perceptronParameters({ sizes: [1, hidden, heads] }),
      c: { shape: [1], initialize: filled(slope), decay: false },
      thresholdFactor: { shape: [1], initialize: ones, decay: false },
    }),
    bias: ({ parameters, query, key }) => {
      const { c, thresholdFactor } = parameters as { readonly c: Tensor; readonly thresholdFactor: Tensor };
      const psi = (x: Tensor): Tensor => log(add(abs(mul(x, c)), 1));
      const least = abs(mul(thresholdFactor, threshold));
      const own = psi(maximum(cast(reshape(query, [...query.shape, 1]), "float32"), least));
      const shares = div(psi(cast(relativePositions(query, key), "float32")), add(own, epsilon));
      return headsFirst(perceptron(parameters, reshape(shares, [...shares.shape, 1]), (x) => maximum(x, 0)));
    },
  }) as EncodingWith<"bias" | "parameters", string>;
}
