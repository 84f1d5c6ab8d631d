import { rmsNorm } from "../composites/norms.js";
import { check } from "../errors.js";
import { abs, cast, constant, exp, expand, mul, reshape, where } from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import { biasByDistance } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface RetentionOptions {
  /** ε of the norm over each head's output, whose gain is 1. Default 1e-6. */
  readonly epsilon?: number;
}

/** γ_h = 1 − 2^(−5−h) for h = 0 … H − 1. As a bias of softmax, ln γ_h is the negative of an ALiBi slope. */
export function retentionDecays(heads: number): Float64Array {
  check(Number.isInteger(heads) && heads > 0, "retention", () => {
    return `number of heads must be whole and positive, got ${heads}`;
  });
  return Float64Array.from({ length: heads }, (_, h) => 1 - 2 ** (-5 - h));
}

/**
 * Retention: scores fall exponentially with the distance, by a fixed rate for each head, and there is no softmax.
 *
 * o_i = norm(Σ_j (q_i·k_j/√d)·γ_h^|i − j|·v_j) over the keys that may be seen. Sun et al. (RetNet), arXiv:2307.08621.
 * The norm is RMS over the head, as in torchscale; the paper's group norm is that with a mean taken off. The scores'
 * row normalizations, which the norm undoes up to its ε, and the output gate, which belongs to the layer, are left out.
 * Queries and keys are turned as well in RetNet: `combine(rope({ interleaved: true }), retention())`.
 */
export function retention(options: RetentionOptions = {}): EncodingWith<"scores" | "weights" | "values"> {
  const { epsilon = 1e-6 } = options;
  return defineEncoding({
    kind: "retention",
    settings: { epsilon },
    cache: "rotated-keys",
    scores: ({ query, products, queryPositions, keyPositions }) => {
      const heads = query.shape[1] as number;
      const rates = constant(exactTensor(retentionDecays(heads).map(Math.log), [heads]));
      const decay = biasByDistance({ query: queryPositions, key: keyPositions }, (distances) => {
        return exp(mul(reshape(cast(abs(distances), "float32"), [...distances.shape, 1]), rates));
      });
      return mul(products(), decay);
    },
    weights: ({ scores, allowed }) => (allowed ? where(allowed, scores, 0) : scores),
    values: ({ output }) => {
      return rmsNorm(output, expand(constant(1), [output.shape.at(-1) as number]), { epsilon });
    },
  }) as EncodingWith<"scores" | "weights" | "values">;
}
