import { split } from "../composites/split.js";
import type { PositionEncoding } from "../encodings/encoding.js";
import { check } from "../errors.js";
import { maximum, minimum } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CarriedState, encodedAttention, type KeyValue } from "./encoded-attention.js";
import { joinHeads, splitHeads } from "./heads.js";
import { type Layer, linearLayer, type Module, type NormKind, normLayer } from "./layers.js";
import { type Initializer, type Named, prefixed, scoped } from "./parameters.js";

/** Which projections of attention have a bias. */
export interface AttentionBiases {
  readonly query: boolean;
  readonly key: boolean;
  readonly value: boolean;
  readonly output: boolean;
}

/** A norm over each head of queries and keys, before positions turn them; its weights are the same for all heads. */
export interface HeadNorm {
  readonly kind: NormKind;
  readonly epsilon: number;
  readonly bias: boolean;
}

export interface AttentionLayerOptions {
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly bias: boolean | AttentionBiases;
  /** Henry et al., arXiv:2010.04245. Default: none. */
  readonly queryKeyNorm?: HeadNorm | undefined;
  /** Queries, keys and values are kept within ±clip, as MPT's `clip_qkv`. Default: no limit. */
  readonly clip?: number | undefined;
  /** One weight each for queries, keys and values, or one for all: rows of the query heads, then key heads, then value heads. */
  readonly projections: "separate" | "merged";
  readonly scale: number;
  readonly softcap?: number | undefined;
  readonly initialize: Initializer;
  /** Initial values of the projection back to the residual stream. */
  readonly initializeOutput: Initializer;
}

/** Where an attention layer looks, and how it knows positions. */
export interface AttentionView {
  readonly encoding: PositionEncoding;
  /** The encoding's parameters by its own names. */
  readonly encodingParameters: Named<Tensor>;
  readonly queryPositions: Tensor;
  readonly keyPositions: Tensor;
  readonly causal: boolean;
  readonly window?: number | undefined;
  readonly mask?: Tensor | undefined;
  readonly past?: KeyValue | undefined;
  /** The encoding's state of the tokens, where an earlier layer made it. */
  readonly state?: Tensor | undefined;
}

/** A layer's output, what the cache keeps, and what its encoding carries to the next layer. */
export interface Attended {
  readonly output: Tensor;
  readonly present: KeyValue;
  readonly carried?: CarriedState | undefined;
}

/** Multi-head attention from x [B, Q, width] to a source [B, K, width], which is x itself in self-attention. */
export type AttentionLayer = Module<readonly [x: Tensor, source: Tensor, view: AttentionView], Attended>;

type Heads = { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor };

/** How queries, keys and values come from their inputs. */
type Projections = Module<readonly [x: Tensor, source: Tensor], Heads>;

/** Projections around attention: `query`, `key`, `value` or all in `queryKeyValue`, and `output`. */
export function attentionLayer(options: AttentionLayerOptions): AttentionLayer {
  const { width, heads, headSize, scale, softcap, initializeOutput } = options;
  const input = normedHeads(projectionsOf[options.projections](options), options);
  const bias = biasesOf(options).output;
  const output = linearLayer({ inputs: heads * headSize, outputs: width, bias, initialize: initializeOutput });
  return {
    parameters: { ...input.parameters, ...prefixed("output", output.parameters) },
    apply: (weights, x, source, { encoding, encodingParameters, ...view }) => {
      const { query, key, value } = input.apply(weights, x, source);
      const settings = { ...view, x, encoding, parameters: encodingParameters, scale, softcap };
      const attended = encodedAttention(query, key, value, settings);
      return { ...attended, output: output.apply(scoped("output", weights), joinHeads(attended.output)) };
    },
  };
}

const projectionsOf: Readonly<
  Record<AttentionLayerOptions["projections"], (options: AttentionLayerOptions) => Projections>
> = {
  separate: (options) => {
    const { heads, kvHeads, headSize } = options;
    const bias = biasesOf(options);
    const layers = {
      query: projection(options, heads, bias.query),
      key: projection(options, kvHeads, bias.key),
      value: projection(options, kvHeads, bias.value),
    };
    return {
      parameters: Object.assign({}, ...Object.entries(layers).map(([name, layer]) => prefixed(name, layer.parameters))),
      apply: (weights, x, source) => ({
        query: splitHeads(layers.query.apply(scoped("query", weights), x), heads, headSize),
        key: splitHeads(layers.key.apply(scoped("key", weights), source), kvHeads, headSize),
        value: splitHeads(layers.value.apply(scoped("value", weights), source), kvHeads, headSize),
      }),
    };
  },
  merged: (options) => {
    const { heads, kvHeads, headSize } = options;
    const bias = biasesOf(options);
    check(bias.query === bias.key && bias.key === bias.value, "attention", () => {
      return "merged projections have a bias for all or none";
    });
    const layer = projection(options, heads + 2 * kvHeads, bias.query);
    return {
      parameters: prefixed("queryKeyValue", layer.parameters),
      apply: (weights, x, source) => {
        check(x === source, "attention", () => "merged projections are for self-attention");
        const all = splitHeads(layer.apply(scoped("queryKeyValue", weights), x), heads + 2 * kvHeads, headSize);
        const [query, key, value] = split(all, [heads, kvHeads, kvHeads], 1) as readonly [Tensor, Tensor, Tensor];
        return { query, key, value };
      },
    };
  },
};

function projection(options: AttentionLayerOptions, count: number, bias: boolean): Layer {
  const { width, headSize, initialize } = options;
  return linearLayer({ inputs: width, outputs: count * headSize, bias, initialize });
}

function biasesOf({ bias }: AttentionLayerOptions): AttentionBiases {
  return typeof bias === "boolean" ? { query: bias, key: bias, value: bias, output: bias } : bias;
}

/** Projections with their limit, and with the norms `queryNorm` and `keyNorm` after it, where there are any. */
function normedHeads(input: Projections, { headSize, queryKeyNorm, clip }: AttentionLayerOptions): Projections {
  const norm = queryKeyNorm && normLayer(queryKeyNorm.kind, headSize, queryKeyNorm.epsilon, queryKeyNorm.bias);
  const limited = (x: Tensor): Tensor => (clip === undefined ? x : maximum(minimum(x, clip), -clip));
  return {
    parameters: {
      ...input.parameters,
      ...(norm && { ...prefixed("queryNorm", norm.parameters), ...prefixed("keyNorm", norm.parameters) }),
    },
    apply: (weights, x, source) => {
      const heads = input.apply(weights, x, source);
      const normed = (name: string, y: Tensor): Tensor => norm?.apply(scoped(name, weights), limited(y)) ?? limited(y);
      return {
        query: normed("queryNorm", heads.query),
        key: normed("keyNorm", heads.key),
        value: limited(heads.value),
      };
    },
  };
}
