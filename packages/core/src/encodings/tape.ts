import { silu } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { splitHeads } from "../nn/heads.js";
import { normal, zeros } from "../nn/parameters.js";
import { add, concat, expand, mul, reshape, slice, transpose } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { rotationsAt } from "./angles.js";
import { type CarryContext, defineEncoding, type EncodingWith, requireState, type StateContext } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { mapRotations, overBatch, turnByRotations } from "./rotation.js";

export interface TapeOptions {
  /** θ of the frequencies that the first layer turns by. Default 10000. */
  readonly base?: number;
  /** P: how many gated mixtures of heads each layer makes of a token's state. Default: half the model's width. */
  readonly size?: number;
}

type Name = "mix" | "up" | "gate" | "down";

/** Standard deviation of the authors' initial weights. */
const deviation = 0.02;

/**
 * Contextualized equivariant position encoding: cosines and sines that each token has for each head, those of RoPE at
 * first, and that every layer changes by what the token attends to and by what it is.
 *
 * s_ij = R(e_i)q_i · R(e_j)k_j/√d with R(e)q = cos ⊙ q + sin ⊙ rotate(q), (cos, sin) = e. Then e′_i = e_i + w_h·Σ_j α_ij·e_j
 * for each head h, and e″_i = e′_i + W_down(silu(W_x·x_i) ⊙ W_up·e′_i) over heads, where x_i is the feed-forward network's
 * output; w = 0 and W_up = 0 at first: exactly RoPE. cos and sin change alike, so that scores depend on differences of
 * positions only; but they are not a rotation any more. Zhu et al., arXiv:2501.00712; from the formula of the authors'
 * code (`adape.py`), whose mixing weights [H, H] are summed to one number for each head, unlike the paper's linear map:
 * that sum is w here. Grouped heads, which the code refuses, get a state for each query head. A state is kept once for
 * each pair of coordinates, since both have the same. The last layer's parameters have no effect.
 */
export function tape(options: TapeOptions = {}): EncodingWith<"state" | "carry" | "transform" | "parameters", Name> {
  const { base = 10_000, size } = options;
  return defineEncoding({
    kind: "tape",
    settings: { base, size },
    cache: "state",
    scope: "layer",
    parameters: ({ width, heads }) => {
      const mixtures = size ?? Math.ceil(width / 2);
      return {
        mix: { shape: [heads], initialize: zeros, decay: false },
        up: { shape: [mixtures, heads], initialize: zeros },
        gate: { shape: [mixtures, width], initialize: normal(deviation) },
        down: { shape: [heads, mixtures], initialize: normal(deviation) },
      };
    },
    state: ({ x, positions, heads, headSize = (x.shape[2] as number) / heads }: StateContext<Name>) => {
      const { cos, sin } = mapRotations(rotationsAt(positions, ropeFrequencies(headSize, base)), overBatch);
      const [batch, length] = x.shape as readonly [Dim, Dim, Dim];
      const ofToken = concat([cos, sin], 2);
      const once = reshape(ofToken, [ofToken.shape[0] as Dim, length, 1, headSize]);
      return reshape(expand(once, [batch, length, heads, headSize]), [batch, length, heads * headSize]);
    },
    carry: ({ parameters, state, attended, output, heads }: CarryContext<Name>) => {
      const [batch, length, numbers] = state.shape as readonly [Dim, Dim, number];
      const headsLast = (x: Tensor): Tensor => {
        return transpose(reshape(x, [batch, length, heads, numbers / heads]), [0, 1, 3, 2]);
      };
      const mixed = add(headsLast(state), mul(headsLast(attended), parameters.mix));
      const gates = silu(linear(output, parameters.gate));
      const gated = mul(linear(mixed, parameters.up), reshape(gates, [batch, length, 1, gates.shape[2] as Dim]));
      return reshape(transpose(add(mixed, linear(gated, parameters.down)), [0, 1, 3, 2]), state.shape);
    },
    transform: ({ query, key, state }) => {
      const [heads, headSize] = [query.shape[1] as number, query.shape[3] as number];
      const byHead = splitHeads(requireState("tape", state), heads, headSize);
      const part = (start: number): Tensor => slice(byHead, { 3: [start, start + headSize / 2] });
      return turnByRotations({ query, key }, { cos: part(0), sin: part(headSize / 2) });
    },
  });
}
