import { check } from "../errors.js";
import type { Named, ParameterSpec } from "../nn/parameters.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Places } from "./position-range.js";

/**
 * What a key/value cache may hold: keys after `transform`; keys before it, transformed anew at every step because earlier
 * keys change; or keys before it and the encoding's own state of each token.
 */
export type CacheClass = "rotated-keys" | "raw-keys" | "state";

/** The model's sizes that an encoding's parameters may depend on. */
export interface EncodingShape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

/** Whether a parameter is one for the model or one for each layer. */
export type ParameterScope = "model" | "layer";

/** An encoding's parameters by name; `scope` where one differs from its encoding's. */
export type EncodingParameterSpecs = Named<ParameterSpec & { readonly scope?: ParameterScope | undefined }>;

/** What every hook gets: the encoding's own parameters by the names that it gave them, where it has any. */
export type HookContext<Name extends string = string> = [Name] extends [never]
  ? { readonly parameters?: Readonly<Record<string, Tensor>> }
  : { readonly parameters: Readonly<Record<Name, Tensor>> };

/**
 * Positions are int32 and always an argument: [S] for all rows of a batch alike, or [B, S]; [axes, B, S] for encodings
 * with axes, such as time, row and column.
 */
export type EmbedContext<Name extends string = string> = HookContext<Name> & {
  /** [B, S, width]. */
  readonly x: Tensor;
  readonly positions: Tensor;
  /** Token ids [B, S], for encodings that read them. */
  readonly tokens?: Tensor | undefined;
};

/** Positions of queries [Q] or [B, Q] and of keys [K] or [B, K]. */
export type PairContext<Name extends string = string> = HookContext<Name> & {
  readonly query: Tensor;
  readonly key: Tensor;
  /** Number of query heads. */
  readonly heads: number;
};

/** New tokens as the layer gets them. */
export type StateContext<Name extends string = string> = HookContext<Name> & {
  /** The layer's input [B, S, width]. */
  readonly x: Tensor;
  readonly positions: Tensor;
  /** Number of query heads. */
  readonly heads: number;
  /** Default: width / heads. */
  readonly headSize?: number | undefined;
};

/** A layer's tokens once the layer is done with them. */
export type CarryContext<Name extends string = string> = HookContext<Name> & {
  /** The state that the layer had of them [B, S, n]. */
  readonly state: Tensor;
  /** What they attended to of all keys' state [B, S, n]: each head's n/H numbers by that head's weights. */
  readonly attended: Tensor;
  /** What the layer's feed-forward network made of them [B, S, width]. */
  readonly output: Tensor;
  /** Number of query heads. */
  readonly heads: number;
};

export type TransformContext<Name extends string = string> = HookContext<Name> & {
  /** [B, H, Q, D]. */
  readonly query: Tensor;
  /** [B, Hkv, K, D]. */
  readonly key: Tensor;
  /** Values of the same tokens as the keys [B, Hkv, K, Dv], where there are any: scores alone have none. */
  readonly value?: Tensor | undefined;
  readonly queryPositions: Tensor;
  readonly keyPositions: Tensor;
  /** State of all keys [B, K, n], for encodings that have one; queries are the last Q of them. */
  readonly state?: Tensor | undefined;
};

/** What `transform` makes; a value that is not given stays. */
export interface Transformed {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value?: Tensor | undefined;
}

/** Queries and keys as `transform` leaves them. */
export type RelativeScoresContext<Name extends string = string> = TransformContext<Name> & {
  /** The factor on q·k. */
  readonly scale: number;
  /** The layer's input for the queries [B, Q, width], where attention is part of a layer. */
  readonly x?: Tensor | undefined;
  /**
   * Whether queries are the last of the keys and see none behind their own: what is given for those has no effect.
   * Default `false`.
   */
  readonly causal?: boolean | undefined;
  /** Where these are a chunk of more queries: positions of the last chunk, and of all keys. What both need is shared. */
  readonly widest?: Places | undefined;
};

export type ScoresContext<Name extends string = string> = RelativeScoresContext<Name> & {
  /** Scaled products q·k [B, H, Q, K], before bias and mask, of these or other queries and keys; only where asked for. */
  products(query?: Tensor, key?: Tensor): Tensor;
  /** Which keys may be seen, bool, broadcasts to [B, H, Q, K]; undefined where all may. */
  readonly allowed?: Tensor | undefined;
};

export type WeightsContext<Name extends string = string> = HookContext<Name> & {
  /** Scores with temperature and bias, not yet masked [B, H, Q, K]. */
  readonly scores: Tensor;
  readonly allowed?: Tensor | undefined;
};

export type ValuesContext<Name extends string = string> = HookContext<Name> & {
  /** Attention weights [B, H, Q, K]. */
  readonly probabilities: Tensor;
  /** Σ α·v [B, H, Q, D]. */
  readonly output: Tensor;
  readonly queryPositions: Tensor;
  readonly keyPositions: Tensor;
};

/**
 * A position encoding: a value with the hooks that it needs. Attention calls the hooks in the order in which they stand
 * here and knows no names. Relative positions are key − query throughout.
 */
export interface PositionEncoding<Name extends string = string> {
  /** Its name in the catalogue, such as `rope`. */
  readonly kind: string;
  /** Everything that it was made with, as plain data. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly cache: CacheClass;
  /** How many positions exist, for encodings that hold a table of them. Default: no limit. */
  readonly maximumPositions?: number | undefined;
  /** Whether its parameters are one set for the model or one for each layer. Default "model". */
  readonly scope?: ParameterScope;
  /** Parameters by name. Default: none. */
  parameters?(shape: EncodingShape): EncodingParameterSpecs;
  /** The embeddings with positions put in: x[t] + P(t). */
  embed?(context: EmbedContext<Name>): Tensor;
  /** Other positions for queries and keys, used by the hooks after it. */
  positions?(context: PairContext<Name>): { readonly query: Tensor; readonly key: Tensor };
  /** What a cache keeps of each token besides its key and value: [B, S, n]. */
  state?(context: StateContext<Name>): Tensor;
  /** Query and key, turned by their positions; values as well where they are turned. */
  transform?(context: TransformContext<Name>): Transformed;
  /** Scores from queries, keys, positions and state, in place of the products. */
  scores?(context: ScoresContext<Name>): Tensor;
  /**
   * What is added to the scaled products q·k, or to `scores`, from queries, keys, positions and state: broadcasts over
   * batch and heads to [B, H, Q, K]. Attention stays fused, which `scores` rules out.
   */
  relativeScores?(context: RelativeScoresContext<Name>): Tensor;
  /** A factor on each query's scores, before the bias: broadcasts to [B, H, Q, 1]. */
  temperature?(context: PairContext<Name>): Tensor;
  /** What is added to the scores, independent of the data: broadcasts to [B, H, Q, K]. */
  bias?(context: PairContext<Name>): Tensor;
  /**
   * The bias as a product of low rank, up to what is the same for all keys of a query: [1 or B, 1 or H, Q, r] and
   * [1 or B, 1 or Hkv, K, r]. Long inputs are faster with it. Default: there is none.
   */
  factors?(context: PairContext<Name>): { readonly query: Tensor; readonly key: Tensor };
  /** Attention weights from scores, in place of softmax. */
  weights?(context: WeightsContext<Name>): Tensor;
  /** The output from attention weights and output. */
  values?(context: ValuesContext<Name>): Tensor;
  /**
   * The same tokens' state in the next layer that has this encoding, for cache class "state". Its `transform` gets keys
   * and values once for each query head. Default: `state` makes it from that layer's input.
   */
  carry?(context: CarryContext<Name>): Tensor;
}

/** The hooks of an encoding. */
export type Hook =
  | "embed"
  | "positions"
  | "state"
  | "transform"
  | "scores"
  | "relativeScores"
  | "temperature"
  | "bias"
  | "factors"
  | "weights"
  | "values"
  | "carry";

/** An encoding that surely has some hooks; `Name` lists its parameters. */
export type EncodingWith<Hooks extends Hook | "parameters", Name extends string = never> = PositionEncoding<Name> &
  Required<Pick<PositionEncoding<Name>, Hooks>>;

/** Defines an encoding; `Name` lists its parameters. */
export function defineEncoding<Name extends string = never, E extends PositionEncoding<Name> = PositionEncoding<Name>>(
  encoding: E,
): E {
  return encoding;
}

/** The state that a layer or a cache must have given. Errors in an encoding's name when it is missing. */
export function requireState(name: string, state: Tensor | undefined): Tensor {
  check(state, name, () => "needs its state or the layer's input, got neither");
  return state;
}
