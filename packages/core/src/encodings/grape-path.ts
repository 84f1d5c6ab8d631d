import { logSigmoid } from "../composites/activations.js";
import { linear, scaledMatMul } from "../composites/linear.js";
import { rmsNorm } from "../composites/norms.js";
import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, cast, constant, cumSum, mul, neg, reshape, slice, transpose } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { alibiSlopes } from "./alibi.js";
import { rotationsAt } from "./angles.js";
import { defineEncoding, type EncodingWith, requireState } from "./encoding.js";
import { mapRotations, overBatch } from "./rotation.js";

export interface GrapePathOptions {
  /** Size of a head's vectors p, even. Default: the model's head size. */
  readonly size?: number;
}

/**
 * Additive group position encoding as a path integral: each token between key and query costs what the query's vector
 * makes of it.
 *
 * b_ij = Σ_{s=j+1}^{i} m_h·ln σ(p_i·p̃_s/d_p), p = W·x, p̃_s = R(−s)·p/rms(p) with every pair of coordinates turned by s
 * radians, m_h ALiBi's slopes. p_i is not turned: scores depend on absolute positions. Zhang et al., arXiv:2512.07805;
 * written from the authors' code (`llama-mha-grape-a-pi.py`, untied p, from whose normalisation the ε differs). State: p
 * of each token [B, S, H·d_p].
 */
export function grapePath(options: GrapePathOptions = {}): EncodingWith<"state" | "scores" | "parameters", "weight"> {
  const { size: given } = options;
  return defineEncoding({
    kind: "grape-path",
    settings: { ...(given && { size: given }) },
    cache: "state",
    scope: "layer",
    parameters: ({ width, heads, headSize }) => {
      const size = given ?? headSize;
      check(size % 2 === 0, "grapePath", () => `size must be even, got ${size}`);
      return { weight: { shape: [heads * size, width], initialize: normal(0.5 * width ** -0.5) } };
    },
    state: ({ parameters, x }) => linear(x, parameters.weight),
    scores: ({ query, keyPositions, state, products, allowed }) => {
      const [heads, queries] = [query.shape[1] as number, query.shape[2] as Dim];
      const held = requireState("grapePath", state);
      const [batch, keys, width] = held.shape as readonly [Dim, Dim, number];
      const vectors = transpose(reshape(held, [batch, keys, heads, width / heads]), [0, 2, 1, 3]);
      const own = slice(vectors, { 2: [subtractDims(keys, queries), keys] });
      const costs = logSigmoid(
        scaledMatMul(own, turned(vectors, keyPositions), { transposeRight: true, scale: heads / width }),
      );
      const slopes = constant(exactTensor(alibiSlopes(heads), [1, heads, 1, 1]));
      const visible = allowed ? mul(costs, cast(allowed, costs.dtype)) : costs;
      return add(products(), cumSum(mul(visible, slopes), -1, { exclusive: true, reverse: true }));
    },
  });
}

/** R(−s)·p/rms(p): [B, H, K, d]. */
function turned(vectors: Tensor, positions: Tensor): Tensor {
  const size = vectors.shape[3] as number;
  const unit = rmsNorm(vectors, constant(exactTensor(new Float64Array(size).fill(1), [size])));
  const { cos, sin } = mapRotations(rotationsAt(positions, new Float64Array(size / 2).fill(1)), overBatch);
  return rotaryEmbedding(unit, cos, neg(sin), { interleaved: false });
}
