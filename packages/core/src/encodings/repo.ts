import { silu } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, cast, constant, mul, reshape, transpose } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import { asColumn } from "./distance.js";
import {
  defineEncoding,
  type EncodingWith,
  requireState,
  type StateContext,
  type TransformContext,
} from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { turnByAngles } from "./rotation.js";

export interface RepoOptions {
  /** θ. Default 10000. */
  readonly base?: number;
  /** Size inside the network that makes positions. Default: an eighth of the width. */
  readonly hidden?: number;
  /** ρ: share of the token's index in its position, which training lowers from 1 to 0. Default 0. */
  readonly indexShare?: number;
}

type Name = "gate" | "content" | "output";

/**
 * Context re-positioning: RoPE at real positions that each head makes from the token.
 *
 * p_t = W_o(SiLU(W_g·x_t) ⊙ W_c·x_t), one for each key head; angles ((1 − ρ)·p_t + ρ·t)·ω_m. The state of a token is p_t.
 * Li et al., arXiv:2512.14391, from the formula of the authors' repository, where layers from the sixth on have it and the
 * others RoPE (a per-layer schedule here). Scores depend on differences of p.
 */
export function repo(options: RepoOptions = {}): EncodingWith<"state" | "transform" | "parameters", Name> {
  const { base = 10_000, hidden, indexShare = 0 } = options;
  check(indexShare >= 0 && indexShare <= 1, "repo", () => `indexShare must be from 0 to 1, got ${indexShare}`);
  return defineEncoding({
    kind: "repo",
    settings: { base, hidden, indexShare },
    cache: "state",
    scope: "layer",
    parameters: ({ width, kvHeads }) => {
      const inner = hidden ?? Math.max(1, Math.floor(width / 8));
      return {
        gate: { shape: [inner, width], initialize: normal(0.02) },
        content: { shape: [inner, width], initialize: normal(0.02) },
        output: { shape: [kvHeads, inner], initialize: normal(0.02) },
      };
    },
    state: ({ parameters, x }: StateContext<Name>) => {
      return linear(mul(silu(linear(x, parameters.gate)), linear(x, parameters.content)), parameters.output);
    },
    transform: ({ query, key, keyPositions, state }: TransformContext<Name>) => {
      const positions = requireState("repo", state);
      const [batch, length, heads] = positions.shape as readonly [Dim, Dim, Dim];
      const frequencies = ropeFrequencies(query.shape.at(-1) as number, base);
      const made = reshape(transpose(positions, [0, 2, 1]), [batch, heads, length, 1]);
      const index = cast(asColumn(keyPositions), "float32");
      const at = indexShare === 0 ? made : add(mul(made, 1 - indexShare), mul(index, indexShare));
      return turnByAngles({ query, key }, mul(at, constant(exactTensor(frequencies, [1, 1, 1, frequencies.length]))));
    },
  });
}
