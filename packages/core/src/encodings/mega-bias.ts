import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { normal } from "../nn/parameters.js";
import { expand, matMul, reshape, transposeLast } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { rotationsAt } from "./angles.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { mapRotations, overBatch } from "./rotation.js";

export interface MegaBiasOptions {
  /** z: size of the two trained vectors. Default: the head's. */
  readonly size?: number;
  /** θ. Default 10000. */
  readonly base?: number;
  /** One pair of vectors for each layer, as in Mega, or for the model. Default "layer". */
  readonly scope?: "model" | "layer";
}

/**
 * Rotary relative bias: two trained vectors are turned by the positions of query and key; their product is added to the
 * scores of all heads.
 *
 * b(i, j) = (R(i·ω)α)·(R(j·ω)β), halves, a function of j − i only. Ma et al., arXiv:2209.10655 (Mega, which has one head).
 * From the formula of `MegaRotaryRelativePositionalBias` in transformers 4.57. The bias is a product of [Q, z] and [K, z].
 */
export function megaBias(options: MegaBiasOptions = {}): EncodingWith<"bias" | "parameters", "alpha" | "beta"> {
  const { size, base = 10_000, scope = "layer" } = options;
  return defineEncoding({
    kind: "mega-bias",
    settings: { size, base, scope },
    cache: "rotated-keys",
    scope,
    parameters: ({ headSize }) => {
      const spec = { shape: [size ?? headSize], initialize: normal(0.02), decay: false };
      return { alpha: spec, beta: spec };
    },
    bias: ({ parameters, query, key }) => {
      const along = (vector: Tensor, positions: Tensor): Tensor => {
        const width = vector.shape[0] as number;
        const { cos, sin } = mapRotations(rotationsAt(positions, ropeFrequencies(width, base)), overBatch);
        const [batch, length] = cos.shape as readonly [Dim, Dim, Dim];
        return rotaryEmbedding(expand(reshape(vector, [1, 1, 1, width]), [batch, 1, length, width]), cos, sin);
      };
      return matMul(along(parameters.alpha, query), transposeLast(along(parameters.beta, key)));
    },
  });
}
