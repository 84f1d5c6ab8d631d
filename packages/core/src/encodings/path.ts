import { logSigmoid, sigmoid, silu } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { rmsNorm } from "../composites/norms.js";
import { split } from "../composites/split.js";
import { check } from "../errors.js";
import { normal, type ParameterSpecs, uniform, zeros } from "../nn/parameters.js";
import { add, concat, constant, mul, reshape, transpose } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { causalConvolution } from "./causal-convolution.js";
import { defineEncoding, type EncodingWith, type HookContext, requireState } from "./encoding.js";
import { gateDifferences } from "./forget-gates.js";
import { type HouseholderOptions, householderProducts } from "./householder.js";
import { householderBlocks } from "./householder-blocks.js";

export interface PathOptions {
  /** Tokens that the short convolution before the vectors sees. 1 is no convolution: the state holds w itself. Default 3. */
  readonly kernel?: number;
  /** Rank of the projection to the vectors. Default 32, at most the model's width. */
  readonly rank?: number;
  /** Whether forget gates lower the scores in addition, as in PaTH-FoX. Default `false`. */
  readonly gated?: boolean;
  /** Known lengths above this are computed by blocks of it. Default 64. */
  readonly block?: number;
  /** Longest sequence where lengths are known only when the graph runs. Default 4096. */
  readonly longest?: number;
}

type PathParameters = Required<HookContext<string>>["parameters"];

/**
 * Position encoding by accumulated Householder transformations: between key and query stands a product of reflections
 * computed from the tokens between them.
 *
 * s_ij = q_iᵀ·H_i·H_{i−1}·…·H_{j+1}·k_j·scale, H_t = I − β_t·w_t·w_tᵀ, β_t = 2·σ(u·x_t + b), w_t of unit length from a
 * low-rank projection, a short convolution and SiLU; with β = 0 nothing is encoded. Yang et al., arXiv:2505.16381.
 * Agrees with flash-linear-attention's `naive_path_attn`, which adds the forget gates' sums *before* the scale, unlike
 * forgetting attention. Its layer projects to w in full rank where key heads are shared; here the rank is low always.
 * State: what enters the convolution, β, ln f: [B, S, Hkv·D + Hkv (+ H)].
 */
export function path(options: PathOptions = {}): EncodingWith<"state" | "scores" | "parameters", string> {
  const { kernel = 3, rank = 32, gated = false, block = 64, longest = 4096 } = options;
  check(Number.isInteger(block) && block > 0, "path", () => `block must be whole and positive, got ${block}`);
  check(Number.isInteger(kernel) && kernel > 0, "path", () => {
    return `kernel must see a whole number of tokens, got ${kernel}`;
  });
  return defineEncoding<string, EncodingWith<"state" | "scores" | "parameters", string>>({
    kind: gated ? "path-fox" : "path",
    settings: { kernel, rank, gated, block, longest },
    cache: "state",
    maximumPositions: longest,
    scope: "layer",
    parameters: ({ width, heads, kvHeads, headSize }) => ({
      down: { shape: [Math.min(rank, width), width], initialize: normal(width ** -0.5) },
      up: { shape: [kvHeads * headSize, Math.min(rank, width)], initialize: normal(Math.min(rank, width) ** -0.5) },
      ...(kernel > 1 && {
        kernel: { shape: [kvHeads * headSize, kernel], initialize: uniform(kernel ** -0.5), decay: false },
      }),
      ...gateSpecs("beta", kvHeads, width),
      ...(gated && gateSpecs("gate", heads, width)),
    }),
    state: ({ parameters, x }) => {
      const projected = linear(linear(x, weight(parameters, "down")), weight(parameters, "up"));
      const kvHeads = weight(parameters, "beta.weight").shape[0] as number;
      const vectors = kernel > 1 ? projected : unitVectors(projected, kvHeads);
      const betas = mul(sigmoid(linear(x, weight(parameters, "beta.weight"), weight(parameters, "beta.bias"))), 2);
      if (!gated) return concat([vectors, betas], 2);
      const gates = logSigmoid(linear(x, weight(parameters, "gate.weight"), weight(parameters, "gate.bias")));
      return concat([vectors, betas, gates], 2);
    },
    scores: ({ query, key, state, parameters, scale }) => {
      const [heads, queries] = [query.shape[1] as number, query.shape[2] as Dim];
      const [batch, kvHeads, keys, size] = key.shape as readonly [Dim, number, Dim, number];
      const sizes = [kvHeads * size, kvHeads, ...(gated ? [heads] : [])];
      const [held, betas, gates] = split(requireState("path", state), sizes, 2) as [Tensor, Tensor, Tensor?];
      const flat =
        kernel > 1 ? unitVectors(silu(causalConvolution(held, weight(parameters, "kernel"))), kvHeads) : held;
      const vectors = transpose(reshape(flat, [batch, keys, kvHeads, size]), [0, 2, 1, 3]);
      const strengths = reshape(transpose(betas, [0, 2, 1]), [batch, kvHeads, keys, 1]);
      const products = reflected({ query, key, vectors, strengths, longest }, block);
      return mul(gates ? add(products, gateDifferences(gates, queries)) : products, scale);
    },
  });
}

function reflected(options: HouseholderOptions, block: number): Tensor {
  const [queries, keys] = [options.query.shape[2], options.key.shape[2]];
  const byBlocks = typeof queries === "number" && typeof keys === "number" && keys > block;
  return byBlocks ? householderBlocks({ ...options, block }) : householderProducts(options);
}

function gateSpecs(name: string, count: number, width: number): ParameterSpecs {
  return {
    [`${name}.weight`]: { shape: [count, width], initialize: normal(0.02) },
    [`${name}.bias`]: { shape: [count], initialize: zeros, decay: false },
  };
}

function weight(parameters: PathParameters, name: string): Tensor {
  const value = parameters[name];
  check(value, "path", () => `parameters must have ${name}, got ${Object.keys(parameters)}`);
  return value;
}

/** Each head's vector at length 1: [B, S, heads·D]. */
function unitVectors(x: Tensor, heads: number): Tensor {
  const [batch, length, width] = x.shape as readonly [Dim, Dim, number];
  const size = width / heads;
  const scale = constant(exactTensor(new Float64Array(size).fill(size ** -0.5), [size]));
  return reshape(rmsNorm(reshape(x, [batch, length, heads, size]), scale), x.shape);
}
