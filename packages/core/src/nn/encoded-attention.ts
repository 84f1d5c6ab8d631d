import { addToScores, attend, attention, causalMask, groupedScores, repeatHeads } from "../composites/attention.js";
import { scaledMatMul } from "../composites/linear.js";
import type { PositionEncoding, Transformed } from "../encodings/encoding.js";
import type { Places } from "../encodings/position-range.js";
import { check } from "../errors.js";
import { add, concat, expand, logicalAnd, mul, slice } from "../primitives/operations.js";
import { addDims, type Dim, equalDims, subtractDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { cachedAttention, type KeyValueCache } from "./cached-attention.js";
import { joinHeads, splitHeads } from "./heads.js";
import type { Named } from "./parameters.js";

/** What a cache holds of earlier tokens. */
export interface KeyValue {
  /** [B, Hkv, S, D]; transformed or not, as the encoding's cache class says. */
  readonly key: Tensor;
  readonly value: Tensor;
  /** The encoding's state [B, S, n], where it has one. */
  readonly state?: Tensor | undefined;
  /** How many rows are filled, int32 [B], where there is room for more: see `KeyValueCache`. Default: all. */
  readonly length?: Tensor | undefined;
}

/** What an encoding with `carry` gets of attention: the new tokens' state, and its averages over all keys, [B, Q, n]. */
export interface CarriedState {
  readonly state: Tensor;
  readonly attended: Tensor;
}

export interface EncodedAttentionOptions {
  readonly encoding: PositionEncoding;
  /** The encoding's parameters by its own names. */
  readonly parameters: Named<Tensor>;
  /** Positions of the queries, [Q] or [B, Q]. */
  readonly queryPositions: Tensor;
  /** Positions of all keys, those of the past first: [K] or [B, K]. */
  readonly keyPositions: Tensor;
  /** The layer's input for the queries [B, Q, width], for encodings that read it. */
  readonly x?: Tensor | undefined;
  /** State of the new tokens [B, S, n]. Default: what the encoding makes of `x`. */
  readonly state?: Tensor | undefined;
  readonly past?: KeyValue | undefined;
  readonly causal: boolean;
  readonly window?: number | undefined;
  readonly mask?: Tensor | undefined;
  readonly scale: number;
  readonly softcap?: number | undefined;
}

/**
 * Attention with the hooks of a position encoding: query [B, H, Q, D], key and value [B, Hkv, K, D] → output
 * [B, H, Q, D], what the cache keeps, and what the encoding carries to the next layer.
 *
 * Encodings that only turn queries and keys, scale queries or add to the products go through the `attention` composite,
 * which backends run fused; those that make scores, weights or values of their own are written out. Many queries are taken in chunks
 * where there is a bias or there are scores to hold, so that no [H, Q, K] of all of them exists.
 */
export function encodedAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: EncodedAttentionOptions,
): { readonly output: Tensor; readonly present: KeyValue; readonly carried?: CarriedState } {
  if (hasRoom(options.past)) return attendToCache(query, key, value, options, options.past);
  const placed = place(query, key, options, value);
  const { output, present } = attendAll(query, value, placed, options);
  const { state } = placed;
  if (!options.encoding.carry || !state) return { output, present };
  const [queries, size] = [query.shape[2] as Dim, value.shape[3] as number];
  const attended = slice(output, { 3: [size, output.shape[3] as number] });
  const total = state.shape[1] as Dim;
  return {
    output: slice(output, { 3: [0, size] }),
    present,
    carried: { state: slice(state, { 1: [subtractDims(total, queries), total] }), attended: joinHeads(attended) },
  };
}

/**
 * Whether an encoding can attend to a cache with room (`KeyValueCache`): keys are kept as they are turned, and what is
 * added to the products depends on positions only.
 */
export function supportsCache(encoding: PositionEncoding): boolean {
  const { cache, scores, relativeScores, weights, values, carry, state } = encoding;
  return cache === "rotated-keys" && ![scores, relativeScores, weights, values, carry, state].some(Boolean);
}

const hasRoom = (past: KeyValue | undefined): past is KeyValueCache => past?.length !== undefined;

function attendToCache(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: EncodedAttentionOptions,
  cache: KeyValueCache,
): { readonly output: Tensor; readonly present: KeyValue } {
  const { encoding, parameters, causal, window, mask, scale, softcap } = options;
  check(supportsCache(encoding) && !(encoding.temperature && softcap), "encodedAttention", () => {
    return `encoding "${encoding.kind}" has no attention over a cache with room; give it a past without length`;
  });
  const { turned, turnedValue = value } = place(
    query,
    key,
    { ...options, past: undefined, keyPositions: options.queryPositions },
    value,
  );
  const given = { query: options.queryPositions, key: options.keyPositions };
  const heads = query.shape[1] as number;
  const pair = { parameters, heads, ...(encoding.positions?.({ parameters, heads, ...given }) ?? given) };
  const temperature = encoding.temperature?.(pair);
  const tokens = {
    query: temperature ? mul(turned.query, temperature) : turned.query,
    key: turned.key,
    value: turnedValue,
  };
  const settings = { bias: encoding.bias?.(pair), mask, causal, window, softcap, scale };
  const { output, ...present } = cachedAttention(tokens, cache, settings);
  return { output, present };
}

/** Attention on what was placed; where state is carried, its averages are further coordinates of the output. */
function attendAll(
  query: Tensor,
  value: Tensor,
  placed: Placed,
  options: EncodedAttentionOptions,
): { readonly output: Tensor; readonly present: KeyValue } {
  const { encoding, past, causal, window, mask, scale, softcap } = options;
  const { rawKeys, state, turned, turnedValue = value } = placed;
  if (encoding.factors && !past && !softcap && foldable(query)) {
    const folded = fold(placed, options);
    const { output } = attention(folded.query, folded.key, turnedValue, { mask, causal, window, scale });
    return { output, present: { key: placed.cachedKeys, value: turnedValue, ...(state && { state }) } };
  }
  if (isFusable(placed, options) && !rawKeys && chunksOf(query, options).length === 1) {
    const { bias, warmQuery } = fusedPair(placed, options);
    const fused = attention(warmQuery, turned.key, turnedValue, { bias, mask, past, causal, window, scale, softcap });
    return { output: fused.output, present: { key: fused.key, value: fused.value } };
  }
  const values = past && !rawKeys ? concat([past.value, turnedValue], 2) : turnedValue;
  const present = {
    key: placed.cachedKeys,
    value: rawKeys ? (placed.values as Tensor) : values,
    ...(state && { state }),
  };
  const chunks = chunksOf(query, options);
  const widest = chunks.at(-1) && { ...placed.at, query: slice(placed.at.query, { [-1]: chunks.at(-1) as Range }) };
  const own = options.causal && placed.at.query === placed.at.key;
  const outputs = chunks.map((chunk) => {
    const keys =
      chunk && ([0, addDims(subtractDims(placed.allKeys.shape[2] as Dim, query.shape[2] as Dim), chunk[1])] as const);
    return attendPlaced(
      { ...cut(placed, chunk, keys), widest, own },
      keys ? slice(values, { 2: keys }) : values,
      cutOptions(options, chunk, keys),
    );
  });
  return { output: concat(outputs, 2), present };
}

/** What enters softmax, mask apart: scores with temperature and bias [B, H, Q, K]. For tests and pictures. */
export function encodedScores(query: Tensor, key: Tensor, options: EncodedAttentionOptions): Tensor {
  return scoresOf(place(query, key, options), options);
}

/** Queries and all keys with their positions, turned, and what the other hooks need. */
function place(query: Tensor, key: Tensor, options: EncodedAttentionOptions, value?: Tensor) {
  const { encoding, parameters, past, x } = options;
  const heads = query.shape[1] as number;
  const rawKeys = encoding.cache !== "rotated-keys";
  const given = { query: options.queryPositions, key: options.keyPositions };
  const at = encoding.positions?.({ parameters, heads, ...given }) ?? given;
  const headSize = query.shape[3] as number;
  const ownState = options.state ?? (x && encoding.state?.({ parameters, x, positions: given.query, heads, headSize }));
  const state = ownState && past?.state ? concat([past.state, ownState], 1) : ownState;
  const keys = past && rawKeys ? concat([past.key, key], 2) : key;
  const values = past && rawKeys && value ? concat([past.value, value], 2) : value;
  const keyPositions = past && !rawKeys ? at.query : at.key;
  const groups = encoding.carry ? heads / (key.shape[1] as number) : 1;
  const seen = { key: repeatHeads(keys, groups), value: values && repeatHeads(values, groups) };
  const context = { parameters, query, ...seen, queryPositions: at.query, keyPositions, state };
  const turned: Transformed = encoding.transform?.(context) ?? { query, key: seen.key };
  const turnedValue = turned.value ?? seen.value;
  const allKeys = past && !rawKeys ? concat([past.key, turned.key], 2) : turned.key;
  return {
    rawKeys,
    at,
    state,
    turned,
    values,
    turnedValue: encoding.carry && state && turnedValue ? besideState(turnedValue, state) : turnedValue,
    allKeys,
    cachedKeys: rawKeys ? keys : allKeys,
  };
}

/** Values [B, H, K, D] with each head's part of the state [B, K, n] as further coordinates. */
function besideState(value: Tensor, state: Tensor): Tensor {
  const [heads, size] = [value.shape[1] as number, state.shape[2] as number];
  check(size % heads === 0, "carry", () => `heads must divide the state's size, got ${heads} and ${size}`);
  return concat([value, splitHeads(state, heads, size / heads)], 3);
}

type Placed = ReturnType<typeof place> & {
  /** For a chunk of the queries: the positions of the last chunk, and all keys. */
  readonly widest?: Places | undefined;
  /** Whether the queries are the last of the keys, and see none behind their own. */
  readonly own?: boolean;
};

/** Whether the `attention` composite can say all that the encoding does. */
function isFusable({ turned }: Placed, { encoding, softcap }: EncodedAttentionOptions): boolean {
  return !!turned && !encoding.scores && !encoding.weights && !encoding.values && !(encoding.temperature && softcap);
}

/** What depends on pairs of positions only. */
function pairOf({ turned, at }: Placed, { encoding, parameters }: EncodedAttentionOptions) {
  const pair = { parameters, heads: turned.query.shape[1] as number, ...at };
  return { bias: encoding.bias?.(pair), temperature: encoding.temperature?.(pair) };
}

/** Bias and queries for attention that does the rest: the temperature acts on products and relative scores. */
function fusedPair(placed: Placed, options: EncodedAttentionOptions) {
  const { query } = placed.turned;
  const { bias, temperature } = pairOf(placed, options);
  const relative = options.encoding.relativeScores?.(scoresContext(placed, options));
  const warm = (x: Tensor): Tensor => (temperature ? mul(x, temperature) : x);
  const added = [relative && warm(relative), bias].filter((term) => term !== undefined);
  return { warmQuery: warm(query), bias: added.length > 1 ? add(added[0] as Tensor, added[1] as Tensor) : added[0] };
}

/** Attention on all keys, none of which is still in a cache. */
function attendPlaced(placed: Placed, values: Tensor, options: EncodedAttentionOptions): Tensor {
  const { turned, at, allKeys } = placed;
  const { encoding, parameters, causal, window, mask, scale, softcap } = options;
  if (isFusable(placed, options)) {
    const { bias, warmQuery } = fusedPair(placed, options);
    const settings = { bias, mask, causal, window, scale, softcap };
    const [own, total] = [warmQuery.shape[2] as Dim, allKeys.shape[2] as Dim];
    if (!causal || equalDims(own, total)) return attention(warmQuery, allKeys, values, settings).output;
    // As many new keys as queries, the others as a past: the form of causal attention that backends run fused.
    const earlier = { 2: [0, subtractDims(total, own)] } as const;
    const latest = { 2: [subtractDims(total, own), total] } as const;
    const past = { key: slice(allKeys, earlier), value: slice(values, earlier) };
    return attention(warmQuery, slice(allKeys, latest), slice(values, latest), { ...settings, past }).output;
  }
  const repeated = repeatHeads(values, (turned.query.shape[1] as number) / (values.shape[1] as number));
  const { output, probabilities } = weigh(scoresOf(placed, options), allowedOf(placed, options), repeated, options);
  const places = { queryPositions: at.query, keyPositions: at.key };
  return encoding.values?.({ parameters, probabilities, output, ...places }) ?? output;
}

/** Which keys may be seen, by order and by mask. */
function allowedOf({ turned, allKeys }: Placed, { causal, window, mask }: EncodedAttentionOptions): Tensor | undefined {
  const visible = causal ? causalMask(turned.query.shape[2] as Dim, allKeys.shape[2] as Dim, window) : undefined;
  return visible && mask ? logicalAnd(visible, mask) : (visible ?? mask);
}

function scoresOf(placed: Placed, options: EncodedAttentionOptions): Tensor {
  const { encoding, scale, softcap } = options;
  const context = scoresContext(placed, options);
  const products = (q = context.query, k = context.key): Tensor => groupedScores(q, k, scale, softcap);
  const own = encoding.scores?.({ ...context, products, allowed: allowedOf(placed, options) }) ?? products();
  const relative = encoding.relativeScores?.(context);
  const scores = relative ? add(own, relative) : own;
  const { temperature, bias } = pairOf(placed, options);
  const warm = temperature ? mul(scores, temperature) : scores;
  return bias ? warm.add(bias) : warm;
}

function scoresContext(
  { turned, allKeys, at, state, widest, own }: Placed,
  { parameters, scale, x }: EncodedAttentionOptions,
) {
  const positions = { queryPositions: at.query, keyPositions: at.key };
  return { parameters, query: turned.query, key: allKeys, ...positions, state, scale, x, widest, causal: own };
}

function weigh(
  scores: Tensor,
  allowed: Tensor | undefined,
  values: Tensor,
  { encoding, parameters }: EncodedAttentionOptions,
): { readonly output: Tensor; readonly probabilities: Tensor } {
  if (!encoding.weights) return attend(addToScores(scores, undefined, allowed), values);
  const probabilities = encoding.weights({ parameters, scores, allowed });
  return { output: scaledMatMul(probabilities, values), probabilities };
}

type Range = readonly [start: Dim, end: Dim];

/** So many queries are scored at once: fewer are never divided, and of more than `manyQueries` half, to bound the memory. */
const chunkedQueries = 1024;
const manyQueries = 4096;

/**
 * Ranges of queries to take one after another, the first of which may be shorter; `undefined` stands for all. Keys behind
 * a chunk are of no use to it.
 */
function chunksOf(query: Tensor, { encoding, causal }: EncodedAttentionOptions): readonly (Range | undefined)[] {
  const count = query.shape[2] as Dim;
  const holdsScores =
    encoding.bias || encoding.relativeScores || encoding.scores || encoding.weights || encoding.values;
  if (typeof count !== "number" || count <= chunkedQueries || !causal || !holdsScores) return [undefined];
  const size = count > manyQueries ? chunkedQueries / 2 : chunkedQueries;
  const chunks = Math.ceil(count / size);
  const ends = Array.from({ length: chunks }, (_, index) => count - (chunks - 1 - index) * size);
  return ends.map((end) => [Math.max(0, end - size), end]);
}

/** The part of what was placed that a chunk of queries needs. */
function cut(placed: Placed, queries: Range | undefined, keys: Range | undefined): Placed {
  if (!queries || !keys) return placed;
  const { at, turned, allKeys, state } = placed;
  return {
    ...placed,
    at: { query: slice(at.query, { [-1]: queries }), key: slice(at.key, { [-1]: keys }) },
    turned: { ...turned, query: slice(turned.query, { 2: queries }) },
    allKeys: slice(allKeys, { 2: keys }),
    state: state && slice(state, { 1: keys }),
  };
}

function cutOptions(
  options: EncodedAttentionOptions,
  queries: Range | undefined,
  keys: Range | undefined,
): EncodedAttentionOptions {
  if (!queries || !keys) return options;
  const { mask, x } = options;
  const rows = mask && mask.rank > 1 && mask.shape.at(-2) !== 1 ? { [-2]: queries } : {};
  return {
    ...options,
    x: x && slice(x, { 1: queries }),
    mask: mask && slice(mask, { ...rows, ...(mask.shape.at(-1) !== 1 && { [-1]: keys }) }),
  };
}

/** Lengths for which a bias of low rank is folded into head coordinates: faster there, and still exact to 1e-4. */
function foldable(query: Tensor): boolean {
  const count = query.shape[2] as Dim;
  return typeof count === "number" && count >= 512 && count <= 4096;
}

/** Queries and keys with the bias's factors as further coordinates: [q, f/scale]·[k, g] = q·k + f·g/scale. */
function fold({ turned, at }: Placed, { encoding, parameters, scale }: EncodedAttentionOptions) {
  const { query, key } = turned;
  const factors = (encoding.factors as NonNullable<PositionEncoding["factors"]>)({
    parameters,
    heads: query.shape[1] as number,
    ...at,
  });
  const beside = (x: Tensor, factor: Tensor): Tensor => {
    return concat([x, expand(factor, [...x.shape.slice(0, 3), factor.shape[3] as Dim])], 3);
  };
  return { query: beside(query, mul(factors.query, 1 / scale)), key: beside(key, factors.key) };
}
