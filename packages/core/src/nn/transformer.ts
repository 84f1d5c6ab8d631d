import { linear } from "../composites/linear.js";
import { embedding } from "../composites/scatter-add.js";
import { check } from "../errors.js";
import { add, div, iota, mul, slice, tanh } from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Memory } from "./block.js";
import { linearLayer } from "./layers.js";
import { type Named, normal, type ParameterSpecs, prefixed, scoped } from "./parameters.js";
import { type StackInput, type StackOutput, stack } from "./stack.js";
import { type ResolvedOptions, resolveOptions, type TransformerOptions } from "./transformer-options.js";

/** Tokens and where they stand. */
export interface SequenceInput extends StackInput {
  /** int32 [B, S]. */
  readonly tokens: Tensor;
  /** Kinds of the tokens, int32 [B, S], for a model that has kinds. Default: 0. */
  readonly tokenTypes?: Tensor | undefined;
}

export type SequenceOutput = StackOutput;

/** A decoder, an encoder, or both. */
export interface Transformer {
  readonly options: ResolvedOptions;
  readonly parameters: ParameterSpecs;
  /** Scores of every token of the vocabulary at every position [B, S, V]; `source` is for an encoder-decoder. */
  forward(
    parameters: Named<Tensor>,
    input: SequenceInput,
    source?: SequenceInput,
  ): SequenceOutput & { readonly logits: Tensor };
  /** The stack alone, without the head: the encoder of an encoder-decoder, else the only one. */
  encode(parameters: Named<Tensor>, input: SequenceInput): SequenceOutput;
  /** The stack alone, without the head: the decoder of an encoder-decoder with its encoder's output, else the only one. */
  decode(parameters: Named<Tensor>, input: SequenceInput, memory?: Memory): SequenceOutput;
  /** Scores of every token of the vocabulary from a hidden state [..., width] → [..., V]. */
  head(parameters: Named<Tensor>, hidden: Tensor): Tensor;
}

/**
 * A transformer as functions of named parameters.
 *
 * `form: "decoder"` is causal, `"encoder"` sees both sides, `"encoder-decoder"` has both with cross-attention. Names of
 * parameters: `embedding.weight`, `tokenTypes.weight`, `layers.<n>.…`, `norm.…`, `head.weight` where it is not tied,
 * `head.bias`, `position.<kind>.…`, all of the encoder's below `encoder.` in an encoder-decoder. Vaswani et al.,
 * arXiv:1706.03762.
 */
export function transformer(options: TransformerOptions): Transformer {
  const resolved = resolveOptions(options);
  const { form, vocabulary, width, tied, tokenTypes, headBias } = resolved;
  const initialize = normal(resolved.initialDeviation);
  const both = form === "encoder-decoder";
  const main = stack(resolved, { causal: form !== "encoder", crossAttention: both });
  const encoder = both ? stack(resolved.encoder, { causal: false, crossAttention: false }) : undefined;
  const { weight, bias } = linearLayer({ inputs: width, outputs: vocabulary, bias: headBias, initialize }).parameters;
  const parameters: ParameterSpecs = {
    "embedding.weight": { shape: [vocabulary, width], initialize },
    ...(tokenTypes > 0 && { "tokenTypes.weight": { shape: [tokenTypes, width], initialize } }),
    ...main.parameters,
    ...(encoder && prefixed("encoder", encoder.parameters)),
    ...(!tied && weight && { "head.weight": weight }),
    ...(bias && { "head.bias": bias }),
  };
  const embed = (weights: Named<Tensor>, { tokens, tokenTypes: kinds }: SequenceInput): Tensor => {
    const rows = scaled(embedding(weights["embedding.weight"] as Tensor, tokens), resolved.embeddingScale);
    check(tokenTypes > 0 || !kinds, "transformer", () => "the model has no kinds of tokens, got tokenTypes");
    if (tokenTypes === 0) return rows;
    const table = weights["tokenTypes.weight"] as Tensor;
    return add(rows, kinds ? embedding(table, kinds) : slice(table, { 0: [0, 1] }));
  };
  const encode = (weights: Named<Tensor>, input: SequenceInput): SequenceOutput => {
    const [own, scope] = encoder ? [encoder, scoped("encoder", weights)] : [main, weights];
    return own.apply(scope, embed(weights, input), input);
  };
  const decode = (weights: Named<Tensor>, input: SequenceInput, memory?: Memory): SequenceOutput => {
    check(!memory === !encoder, "transformer", () => {
      return encoder ? "an encoder-decoder needs a source" : `a source is for an encoder-decoder, got form "${form}"`;
    });
    return main.apply(weights, embed(weights, input), input, memory);
  };
  const head = (weights: Named<Tensor>, hidden: Tensor): Tensor => {
    const table = (tied ? weights["embedding.weight"] : weights["head.weight"]) as Tensor;
    const logits = linear(scaled(hidden, resolved.logitScale), table, weights["head.bias"]);
    const { logitSoftcap: cap } = resolved;
    return cap === undefined ? logits : mul(tanh(div(logits, cap)), cap);
  };
  return {
    options: resolved,
    parameters,
    encode,
    decode,
    head,
    forward: (weights, input, source) => {
      const output = decode(weights, input, source && memoryOf(encode(weights, source).hidden, source));
      return { ...output, logits: head(weights, output.hidden) };
    },
  };
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

/** An encoder's output as its decoder reads it. */
export function memoryOf(output: Tensor, source: Pick<StackInput, "positions" | "mask">): Memory {
  return { output, positions: source.positions ?? iota([output.shape[1] as Dim]), mask: source.mask };
}
