import { sigmoid } from "../composites/activations.js";
import { linear } from "../composites/linear.js";
import { check } from "../errors.js";
import { normal, ones, type ParameterSpec, zeros } from "../nn/parameters.js";
import { add, mul, reduceSum, reshape, slice, sub, transpose } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { type T5Options, t5 } from "./t5.js";

export type GatedT5Options = Pick<T5Options, "bidirectional" | "buckets" | "maximumDistance">;

type GateName = "gateWeight" | "gateBias" | "gateScale";

/** Numbers that a head's part of x is projected to, and how many of them sum to one gate. */
const projected = 8;
const summed = 4;

/**
 * The factor on a query's bias: a·(b·c_h − 1) + 2 with a and b sigmoids of sums of four projections of the head's part
 * of x. x [B, Q, H·n], weight [8, n], bias [8], scale [H] → [B, H, Q, 1].
 */
export function relativeGate(x: Tensor, heads: number, parameters: Readonly<Record<GateName, Tensor>>): Tensor {
  const { gateWeight, gateBias, gateScale } = parameters;
  const [batch, queries, width] = x.shape as readonly [Dim, Dim, number];
  const parts = reshape(x, [batch, queries, heads, width / heads]);
  const numbers = linear(parts, gateWeight, gateBias);
  const gates = sigmoid(reduceSum(reshape(numbers, [batch, queries, heads, projected / summed, summed]), -1));
  const [a, b] = [slice(gates, { [-1]: [0, 1] }), slice(gates, { [-1]: [1, 2] })];
  const factor = add(mul(a, sub(mul(b, reshape(gateScale, [heads, 1])), 1)), 2);
  return transpose(factor, [0, 2, 1, 3]);
}

/**
 * WavLM's gated relative bias: T5's bias, for each query times a factor that its layer's input decides.
 *
 * s_ij = q_i·k_j/√d + g_h(x_i)·W[bucket(j − i), h], g = a·(b·c_h − 1) + 2. Relative positions are key − query, as in T5.
 * Chen et al., arXiv:2110.13900; Chi et al. (XLM-E), arXiv:2106.16138. Agrees with ONNX Runtime's
 * `GatedRelativePositionBias`, given x = query + bias there; with Hugging Face's WavLM x is the attention layer's input.
 * One table serves all layers, and each has its own gate.
 */
export function gatedT5(
  options: GatedT5Options = {},
): EncodingWith<"relativeScores" | "parameters", GateName | "weight"> {
  const { bidirectional = true, buckets = 320, maximumDistance = 800 } = options;
  const table = t5({ bidirectional, buckets, maximumDistance });
  return defineEncoding<GateName | "weight">({
    kind: "gated-t5",
    settings: { bidirectional, buckets, maximumDistance },
    cache: "rotated-keys",
    scope: "layer",
    parameters: (shape) => {
      check(shape.width % shape.heads === 0, "gatedT5", () => {
        return `heads must divide the width, got ${shape.heads} and ${shape.width}`;
      });
      const { weight } = table.parameters(shape) as { readonly weight: ParameterSpec };
      return {
        weight: { ...weight, scope: "model" },
        gateWeight: { shape: [projected, shape.width / shape.heads], initialize: normal(0.02) },
        gateBias: { shape: [projected], initialize: zeros, decay: false },
        gateScale: { shape: [shape.heads], initialize: ones, decay: false },
      };
    },
    relativeScores: ({ parameters, query, queryPositions, keyPositions, x }) => {
      check(x, "gatedT5", () => "attention must be given the layer's input x, got none");
      const heads = query.shape[1] as number;
      const bias = table.bias({ parameters, query: queryPositions, key: keyPositions, heads });
      return mul(relativeGate(x, heads, parameters), bias);
    },
  }) as EncodingWith<"relativeScores" | "parameters", GateName | "weight">;
}
