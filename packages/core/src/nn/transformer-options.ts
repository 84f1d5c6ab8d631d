import type { PositionEncoding } from "../encodings/encoding.js";
import { check } from "../errors.js";
import type { AttentionBiases, HeadNorm } from "./attention-layer.js";
import type { NormPlacement, ResidualForm } from "./block.js";
import type { Activation, Layer, NormKind } from "./layers.js";
import type { Visibility } from "./visibility.js";

/** What one layer of a schedule gets to choose by. */
export type LayerSchedule<T> = (layer: number, layers: number) => T;

/** Blocks one after another. */
export interface StackOptions {
  /** Number of layers. */
  readonly layers: number;
  /** Size of the residual stream. */
  readonly width: number;
  /** Number of query heads. */
  readonly heads: number;
  /** Number of key and value heads, a divisor of `heads`. Default: `heads`. Ainslie et al., arXiv:2305.13245. */
  readonly kvHeads?: number;
  /** Default: width / heads. */
  readonly headSize?: number;
  /** Whether self-attention has weights of its own for queries, keys and values. Default "merged": one product is faster. */
  readonly projections?: "separate" | "merged";
  /** A norm over each head of queries and keys, before positions turn them. Default: none. */
  readonly queryKeyNorm?: HeadNorm | undefined;
  /** Queries, keys and values are kept within ±clip. Default: no limit. */
  readonly clip?: number | undefined;
  /** Size inside the feed-forward network, or a layer's own network in its place, for example experts. Default: 4 · width. */
  readonly feedForward?: number | LayerSchedule<number | Layer>;
  /** Default `false`. */
  readonly gated?: boolean;
  /** Default "gelu". */
  readonly activation?: Activation;
  /** Default "layerNorm". */
  readonly norm?: NormKind;
  /** Default "pre". */
  readonly normPlacement?: NormPlacement;
  /** Default "sequential". */
  readonly residual?: ResidualForm;
  /** Whether a norm follows the embeddings, as in BERT and BLOOM. Default `false`. */
  readonly embeddingNorm?: boolean;
  /** Whether the first layer's attention has a norm on what it reads; in ModernBERT that is normed already. Default `true`. */
  readonly firstAttentionNorm?: boolean;
  /** Whether a norm follows the last layer. Default: unless each step ends with one. */
  readonly finalNorm?: boolean;
  /** Whether what attention and the feed-forward network give has a trained factor for each channel. Default `false`. */
  readonly layerScale?: boolean;
  /** Added to variances. Default 1e-5. */
  readonly epsilon?: number;
  /** Whether linear layers and layer norms have biases. Default `false`. */
  readonly bias?: boolean;
  /** Default: `bias`. */
  readonly attentionBias?: boolean | AttentionBiases;
  /** Default: `bias`. */
  readonly feedForwardBias?: boolean;
  /** Default: `bias`. */
  readonly normBias?: boolean;
  /** Factor on q·k. Default: 1/√headSize; T5 has 1. */
  readonly scale?: number;
  readonly softcap?: number;
  /** Standard deviation of the initial weights; projections back to the stream have it over √(2·layers). Default 0.02. */
  readonly initialDeviation?: number;
  /** One encoding for all layers, or one for each. */
  readonly position: PositionEncoding | LayerSchedule<PositionEncoding>;
  /** How many of the latest keys a layer sees. Default: all. */
  readonly window?: number | LayerSchedule<number | undefined>;
  /** Which keys each layer sees by position, besides. Default: all. */
  readonly visible?: LayerSchedule<Visibility | undefined>;
}

export interface TransformerOptions extends StackOptions {
  /** Default "decoder". */
  readonly form?: "decoder" | "encoder" | "encoder-decoder";
  /** Number of tokens. */
  readonly vocabulary: number;
  /** Number of kinds of tokens, such as first and second sentence, each with an embedding. Default 0: there are none. */
  readonly tokenTypes?: number;
  /** Whether the head's weights are the embedding's. Default `true`. */
  readonly tied?: boolean;
  /** Whether the head has a bias. Default `false`. */
  readonly headBias?: boolean;
  /** Factor on the embeddings. Default 1. */
  readonly embeddingScale?: number;
  /** Factor on the logits. Default 1. */
  readonly logitScale?: number;
  /** c: logits become c·tanh(logit/c). Default: none. */
  readonly logitSoftcap?: number;
  /** Where the encoder of an encoder-decoder differs from the decoder. Default: nowhere. */
  readonly encoder?: Partial<StackOptions>;
}

/** Options of a stack with every default filled in. */
export type ResolvedStack = Required<
  Omit<StackOptions, "softcap" | "clip" | "queryKeyNorm" | "position" | "window" | "visible" | "feedForward">
> &
  Pick<StackOptions, "clip" | "queryKeyNorm"> & {
    readonly softcap: number | undefined;
    readonly feedForward: number | LayerSchedule<number | Layer>;
    readonly position: LayerSchedule<PositionEncoding>;
    readonly window: LayerSchedule<number | undefined>;
    readonly visible: LayerSchedule<Visibility | undefined>;
  };

/** Options with every default filled in. */
export type ResolvedOptions = ResolvedStack &
  Required<Omit<TransformerOptions, keyof StackOptions | "logitSoftcap" | "encoder">> & {
    readonly logitSoftcap: number | undefined;
    readonly encoder: ResolvedStack;
  };

function checkCounts(options: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names) {
    const value = options[name];
    check(
      Number.isInteger(value) && (value as number) > 0,
      "transformer",
      () => `${name} must be whole and positive, got ${value}`,
    );
  }
}

/** Fills in a stack's defaults. Errors name the option, the rule and the value. */
export function resolveStack(options: StackOptions): ResolvedStack {
  const { layers, width, heads, kvHeads = heads, position, window, bias = false, normPlacement = "pre" } = options;
  checkCounts(options as unknown as Record<string, unknown>, ["layers", "width", "heads"]);
  check(heads % kvHeads === 0, "transformer", () => `kvHeads must divide heads, got ${kvHeads} and ${heads}`);
  check(options.headSize !== undefined || width % heads === 0, "transformer", () => {
    return `heads must divide width, got ${heads} and ${width}`;
  });
  const headSize = options.headSize ?? width / heads;
  return {
    layers,
    width,
    heads,
    kvHeads,
    headSize,
    projections: options.projections ?? "merged",
    queryKeyNorm: options.queryKeyNorm,
    clip: options.clip,
    feedForward: options.feedForward ?? 4 * width,
    gated: options.gated ?? false,
    activation: options.activation ?? "gelu",
    norm: options.norm ?? "layerNorm",
    normPlacement,
    residual: options.residual ?? "sequential",
    embeddingNorm: options.embeddingNorm ?? false,
    firstAttentionNorm: options.firstAttentionNorm ?? true,
    finalNorm: options.finalNorm ?? normPlacement !== "post",
    layerScale: options.layerScale ?? false,
    epsilon: options.epsilon ?? 1e-5,
    bias,
    attentionBias: options.attentionBias ?? bias,
    feedForwardBias: options.feedForwardBias ?? bias,
    normBias: options.normBias ?? bias,
    scale: options.scale ?? 1 / Math.sqrt(headSize),
    softcap: options.softcap,
    initialDeviation: options.initialDeviation ?? 0.02,
    position: typeof position === "function" ? position : () => position,
    window: typeof window === "function" ? window : () => window,
    visible: options.visible ?? (() => undefined),
  };
}

/** Fills in defaults. Errors name the option, the rule and the value. */
export function resolveOptions(options: TransformerOptions): ResolvedOptions {
  checkCounts(options as unknown as Record<string, unknown>, ["vocabulary"]);
  return {
    ...resolveStack(options),
    form: options.form ?? "decoder",
    vocabulary: options.vocabulary,
    tokenTypes: options.tokenTypes ?? 0,
    tied: options.tied ?? true,
    headBias: options.headBias ?? false,
    embeddingScale: options.embeddingScale ?? 1,
    logitScale: options.logitScale ?? 1,
    logitSoftcap: options.logitSoftcap,
    encoder: resolveStack({ ...options, ...options.encoder }),
  };
}
