import { softplus } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { filled, type Initializer, zeros } from "../nn/parameters.js";
import { cast, cumSum, exp, mul, reshape, transpose } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { tensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { asColumn } from "./distance.js";
import {
  defineEncoding,
  type EncodingWith,
  requireState,
  type StateContext,
  type TransformContext,
} from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { rotationsOf, turnBy, turnByAngles } from "./rotation.js";

export interface GrapeMOptions {
  /** θ of the initial frequencies. Default 10000. */
  readonly base?: number;
}

export interface ContextualGrapeMOptions extends GrapeMOptions {
  /** Step of every token at first. Default 0.001. */
  readonly initialStep?: number;
}

/** ln ω_m of RoPE. */
function logFrequencies(base: number): Initializer {
  return (_, shape) => tensor(ropeFrequencies(2 * (shape[0] as number), base).map(Math.log), shape);
}

const frequencySpec = (headSize: number, base: number) => ({
  shape: [headSize / 2],
  initialize: logFrequencies(base),
  decay: false,
});

/** ω = e^logFrequency as [1, 1, 1, m]. */
function frequenciesOf(logFrequency: Tensor): Tensor {
  return reshape(exp(logFrequency), [1, 1, 1, logFrequency.shape[0] as Dim]);
}

/**
 * Multiplicative GRAPE: rotary embedding with trained frequencies, which are RoPE's at first.
 *
 * s_ij = (R(i·θ)q)·(R(j·θ)k), θ_m = e^(a_m). Zhang et al., arXiv:2512.07805 (m-nonctx); the authors' code turns the other
 * way round, which leaves scores as they are. Angles are products in float32, since frequencies are trained: exact to
 * position·2⁻²⁴. The generator of each plane has the closed form `rodrigues`.
 */
export function grapeM(options: GrapeMOptions = {}): EncodingWith<"transform" | "parameters", "logFrequency"> {
  const { base = 10_000 } = options;
  return defineEncoding({
    kind: "grape-m",
    settings: { base },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ headSize }) => ({ logFrequency: frequencySpec(headSize, base) }),
    transform: ({ parameters, query, key, queryPositions, keyPositions }) => {
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const at = cast(asColumn(positions), "float32");
        return turnBy(x, rotationsOf(mul(at, frequenciesOf(parameters.logFrequency))));
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}

/**
 * Contextual multiplicative GRAPE: tokens are at sums of trained steps, each made from the token before.
 *
 * Φ_t = Σ_{τ<t} softplus(w·x_τ + b), angles Φ_t·θ_m with trained θ; the state of a token is its step. Zhang et al.,
 * arXiv:2512.07805 (m-ctx), from the authors' code, which also draws w at random for the whole model where its own
 * constructor has it zero; here w = 0 and softplus(b) = 0.001. Positions are not used.
 */
export function contextualGrapeM(
  options: ContextualGrapeMOptions = {},
): EncodingWith<"state" | "transform" | "parameters", "logFrequency" | "weight" | "bias"> {
  type Name = "logFrequency" | "weight" | "bias";
  const { base = 10_000, initialStep = 1e-3 } = options;
  return defineEncoding({
    kind: "grape-m-contextual",
    settings: { base, initialStep },
    cache: "state",
    scope: "layer",
    parameters: ({ headSize, width }) => ({
      logFrequency: frequencySpec(headSize, base),
      weight: { shape: [1, width], initialize: zeros },
      bias: { shape: [1], initialize: filled(Math.log(Math.expm1(initialStep))), decay: false },
    }),
    state: ({ parameters, x }: StateContext<Name>) => softplus(linear(x, parameters.weight, parameters.bias)),
    transform: ({ parameters, query, key, state }: TransformContext<Name>) => {
      const phases = cumSum(requireState("contextualGrapeM", state), 1, { exclusive: true });
      const [batch, length] = phases.shape as readonly [Dim, Dim, Dim];
      const at = reshape(transpose(phases, [0, 2, 1]), [batch, 1, length, 1]);
      return turnByAngles({ query, key }, mul(at, frequenciesOf(parameters.logFrequency)));
    },
  });
}

/**
 * e^L, a rotation in one plane by s: I + (sin s/s)·L + ((1 − cos s)/s²)·L² for L = a·bᵀ − b·aᵀ, row by row, where
 * s = √(|a|²|b|² − (a·b)²). Rodrigues' formula, by which GRAPE turns in one plane without a matrix exponential.
 */
export function rodrigues(a: readonly number[], b: readonly number[]): readonly (readonly number[])[] {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);
  const angle = Math.sqrt(Math.max(dot(a, a) * dot(b, b) - dot(a, b) ** 2, 0));
  const first = angle === 0 ? 1 : Math.sin(angle) / angle;
  const second = angle === 0 ? 0.5 : (1 - Math.cos(angle)) / angle ** 2;
  const plane = a.map((x, i) => b.map((y, j) => x * y - (b[i] as number) * (a[j] as number)));
  return plane.map((row, i) =>
    row.map((value, j) => {
      const squared = row.reduce((sum, v, n) => sum + v * (plane[n]?.[j] as number), 0);
      return (i === j ? 1 : 0) + first * value + second * squared;
    }),
  );
}
