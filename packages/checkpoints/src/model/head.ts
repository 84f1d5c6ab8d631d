import {
  cast,
  type Dim,
  div,
  equal,
  iota,
  logicalNot,
  mean,
  mul,
  reduceMax,
  reduceSum,
  reshape,
  slice,
  type Tensor,
} from "@relpos/core";
import {
  type Activation,
  activations,
  type Drop,
  linearLayer,
  type Module,
  type Named,
  normLayer,
  prefixed,
  scoped,
} from "@relpos/core/nn";
import type { ModelInputs } from "./model.js";

/** Which of the tokens [B, S, width] a head reads: all, or one vector for each row [B, width]. */
export type Pool = (hidden: Tensor, inputs: ModelInputs) => Tensor;

export const everyToken: Pool = (hidden) => hidden;

export const firstToken: Pool = (hidden) => {
  const [batch, , width] = hidden.shape as readonly [Dim, Dim, number];
  return reshape(slice(hidden, { 1: [0, 1] }), [batch, width]);
};

/** The mean of the tokens that are no padding. */
export const meanOfTokens: Pool = (hidden, { attention_mask: mask }) => {
  if (!mask) return mean(hidden, 1);
  return div(weighted(hidden, cast(mask, "float32")), reduceSum(cast(mask, "float32"), 1, { keepDims: true }));
};

/** The mean of all tokens but the first, which is the class token. */
export const meanOfPatches: Pool = (hidden) => mean(slice(hidden, { 1: [1, hidden.shape[1] as Dim] }), 1);

/** The last token that is no padding, as decoders classify by; without a padding token the last of all. */
export function lastToken(paddingToken: number | undefined): Pool {
  return (hidden, { input_ids: tokens }) => {
    const length = hidden.shape[1] as Dim;
    const places = iota([1, length], 1);
    if (paddingToken === undefined || !tokens)
      return weighted(hidden, chosen(places, reduceMax(places, 1, { keepDims: true })));
    const isToken = cast(logicalNot(equal(tokens, paddingToken)), "int32");
    return weighted(hidden, chosen(places, reduceMax(mul(places, isToken), 1, { keepDims: true })));
  };
}

const chosen = (places: Tensor, place: Tensor): Tensor => cast(equal(places, place), "float32");

/** Σ weight·token: [B, S, width] and [1 or B, S] → [B, width]. */
function weighted(hidden: Tensor, weights: Tensor): Tensor {
  return reduceSum(mul(hidden, reshape(weights, [...weights.shape, 1])), 1);
}

export interface HeadOptions {
  /** Size of what it reads. */
  readonly width: number;
  readonly pool: Pool;
  /** A layer before the output: activation(dense(x)). Default: none. */
  readonly dense?: { readonly activation: Activation; readonly bias: boolean } | undefined;
  /** A layer norm before the output, after the layer. Default: none. */
  readonly norm?: { readonly epsilon: number; readonly bias: boolean } | undefined;
  /** Numbers that it gives, and whether they have a bias. Default: no output layer. */
  readonly output?: { readonly size: number; readonly bias: boolean } | undefined;
}

/** A head on the hidden states [B, S, width]: `head.dense`, `head.norm`, `head.output`. */
export type Head = Module<readonly [hidden: Tensor, inputs: ModelInputs, drop?: Drop | undefined], Tensor>;

export function head({ width, pool, dense, norm: normOptions, output }: HeadOptions): Head {
  const inner = dense && linearLayer({ inputs: width, outputs: width, bias: dense.bias });
  const norm = normOptions && normLayer("layerNorm", width, normOptions.epsilon, normOptions.bias);
  const outer = output && linearLayer({ inputs: width, outputs: output.size, bias: output.bias });
  return {
    parameters: {
      ...(inner && prefixed("head.dense", inner.parameters)),
      ...(norm && prefixed("head.norm", norm.parameters)),
      ...(outer && prefixed("head.output", outer.parameters)),
    },
    apply: (weights, hidden, inputs, drop = (x) => x) => {
      const own = scoped("head", weights);
      const pooled = pool(hidden, inputs);
      const raised = inner && dense ? activations[dense.activation](inner.apply(scoped("dense", own), pooled)) : pooled;
      const normed = norm ? norm.apply(scoped("norm", own), raised) : raised;
      return outer ? outer.apply(scoped("output", own), drop(normed, "head")) : normed;
    },
  };
}

/** Logits of starts and ends from [B, S, 2]. */
export function spanLogits(logits: Tensor): Named<Tensor> {
  const [batch, length] = logits.shape as readonly [Dim, Dim];
  const part = (index: number): Tensor => reshape(slice(logits, { 2: [index, index + 1] }), [batch, length]);
  return { start_logits: part(0), end_logits: part(1) };
}
