import { linear } from "../composites/linear.js";
import { uniform } from "../nn/parameters.js";
import {
  add,
  constant,
  cumSum,
  div,
  mul,
  reduceSum,
  reshape,
  sqrt,
  square,
  transpose,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { causalConvolution } from "./causal-convolution.js";
import {
  defineEncoding,
  type EncodingWith,
  requireState,
  type StateContext,
  type TransformContext,
} from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { turnByAngles } from "./rotation.js";

export interface SelectiveRopeOptions {
  /** θ of the spectrum. Default 500000. */
  readonly base?: number;
  /** Rank of the projection that makes angles. Default 16, at most the width. */
  readonly rank?: number;
  /** Tokens that the convolution over angles sees, the last one included. Default 4. */
  readonly kernel?: number;
}

type Name = "down" | "up" | "kernel";

/** Under the root of the norm, as in flash-linear-attention. */
const normFloor = 1e-6;

/**
 * Selective RoPE: pairs turn on at every token by angles that are made from it.
 *
 * φ_t = conv₄(W_up·W_down·x̂_t), Φ_t = Σ_{τ≤t} φ_τ, angle Φ_t ⊙ ω with the spectrum ω of RoPE (θ = 5·10⁵), halves; x̂
 * has unit length by head. φ ≡ 1 is RoPE. The state of a token is its angle before the convolution. Movahedi et al.,
 * arXiv:2511.17388; from the formula of the authors' code (`SelectiveRoPE`, low rank, without gate and bias), with a set
 * of angles for each key head. Positions are not used. Sums of angles are float32.
 */
export function selectiveRope(
  options: SelectiveRopeOptions = {},
): EncodingWith<"state" | "transform" | "parameters", Name> {
  const { base = 500_000, rank = 16, kernel = 4 } = options;
  return defineEncoding({
    kind: "selective-rope",
    settings: { base, rank, kernel },
    cache: "state",
    scope: "layer",
    parameters: ({ width, kvHeads, headSize }) => {
      const [inner, angles] = [Math.min(rank, width), (kvHeads * headSize) / 2];
      return {
        down: { shape: [inner, width], initialize: uniform(width ** -0.5) },
        up: { shape: [angles, inner], initialize: uniform(inner ** -0.5) },
        kernel: { shape: [angles, kernel], initialize: uniform(kernel ** -0.5), decay: false },
      };
    },
    state: ({ parameters, x, heads }: StateContext<Name>) => {
      return linear(linear(unitByHead(x, heads), parameters.down), parameters.up);
    },
    transform: ({ parameters, query, key, state }: TransformContext<Name>) => {
      const phases = cumSum(causalConvolution(requireState("selectiveRope", state), parameters.kernel), 1);
      const [batch, length] = phases.shape as readonly [Dim, Dim, Dim];
      const frequencies = ropeFrequencies(query.shape.at(-1) as number, base);
      const byHead = reshape(phases, [batch, length, key.shape[1] as Dim, frequencies.length]);
      const spectrum = constant(exactTensor(frequencies, [1, 1, 1, frequencies.length]));
      return turnByAngles({ query, key }, mul(transpose(byHead, [0, 2, 1, 3]), spectrum));
    },
  });
}

/** x [B, S, width] with each head's part of it at unit length; the whole where heads do not divide the width. */
function unitByHead(x: Tensor, heads: number): Tensor {
  const [batch, length, width] = x.shape as readonly [Dim, Dim, number];
  const parts = width % heads === 0 ? heads : 1;
  const byHead = reshape(x, [batch, length, parts, width / parts]);
  const norm = sqrt(add(reduceSum(square(byHead), -1, { keepDims: true }), normFloor));
  return reshape(div(byHead, norm), x.shape);
}
