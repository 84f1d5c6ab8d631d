import {
  add,
  argMax,
  constant,
  type Dim,
  equal,
  iota,
  linear,
  logicalOr,
  matMul,
  mul,
  productOfDims,
  reduceSum,
  reshape,
  type Tensor,
  transpose,
  where,
} from "@relpos/core";
import { type Layer, linearLayer, normal, prefixed, scoped, zeros } from "@relpos/core/nn";

export interface ExpertsOptions {
  readonly width: number;
  /** Size inside each expert. */
  readonly hidden: number;
  readonly experts: number;
  /** How many experts each token goes to. */
  readonly perToken: number;
  /** Whether router and experts have biases. */
  readonly bias: boolean;
  /** Weights of the experts from the router's scores [N, E] and which experts were chosen. */
  readonly weights: (scores: Tensor, chosen: Tensor) => Tensor;
  /** Whether weights multiply what an expert reads or what it gives. */
  readonly weighted: "input" | "output";
  /** What an expert has inside, from its gate and its up projection. */
  readonly inner: (gate: Tensor, up: Tensor) => Tensor;
  /** A network that every token goes to besides. Default: none. */
  readonly shared?: Layer | undefined;
}

/** Which experts have a token's `count` largest scores: [N, E] → bool [N, E]. */
function chosenExperts(scores: Tensor, count: number): Tensor {
  const experts = scores.shape[1] as number;
  let left = scores;
  let chosen: Tensor | undefined;
  for (let index = 0; index < count; index++) {
    const best = argMax(left, 1, { keepDims: true });
    const hot = equal(iota([1, experts], 1), best);
    chosen = chosen ? logicalOr(chosen, hot) : hot;
    left = where(hot, constant(Number.NEGATIVE_INFINITY), left);
  }
  return chosen as Tensor;
}

/**
 * A mixture of experts in place of a feed-forward network: `router`, `experts.gate`, `experts.up` [E, width, hidden] and
 * `experts.down` [E, hidden, width], `shared`. Every expert computes every token, and weights of the others are 0.
 *
 * Shazeer et al., arXiv:1701.06538.
 */
export function expertsLayer(options: ExpertsOptions): Layer {
  const { width, hidden, experts, perToken, bias, shared } = options;
  const initialize = normal(0.02);
  const router = linearLayer({ inputs: width, outputs: experts, bias });
  return {
    parameters: {
      ...prefixed("router", router.parameters),
      "experts.gate.weight": { shape: [experts, width, hidden], initialize },
      "experts.up.weight": { shape: [experts, width, hidden], initialize },
      "experts.down.weight": { shape: [experts, hidden, width], initialize },
      ...(bias && {
        "experts.gate.bias": { shape: [experts, hidden], initialize: zeros },
        "experts.up.bias": { shape: [experts, hidden], initialize: zeros },
        "experts.down.bias": { shape: [experts, width], initialize: zeros },
      }),
      ...(shared && prefixed("shared", shared.parameters)),
    },
    apply: (parameters, x) => {
      const tokens = productOfDims(x.shape.slice(0, -1));
      const rows = reshape(x, [tokens, width]);
      const scores = linear(rows, parameters["router.weight"] as Tensor, parameters["router.bias"]);
      const weights = options.weights(scores, chosenExperts(scores, perToken));
      const byExpert = reshape(transpose(weights, [1, 0]), [experts, tokens, 1]);
      const project = (name: string, input: Tensor): Tensor => {
        const product = matMul(input, parameters[`experts.${name}.weight`] as Tensor);
        const own = parameters[`experts.${name}.bias`];
        return own ? add(product, reshape(own, [experts, 1, own.shape[1] as Dim])) : product;
      };
      const all = reshape(rows, [1, tokens, width]);
      const read = options.weighted === "input" ? mul(all, byExpert) : all;
      const given = project("down", options.inner(project("gate", read), project("up", read)));
      const sum = reshape(reduceSum(options.weighted === "output" ? mul(given, byExpert) : given, 0), x.shape);
      return shared ? add(shared.apply(scoped("shared", parameters), x), sum) : sum;
    },
  };
}
