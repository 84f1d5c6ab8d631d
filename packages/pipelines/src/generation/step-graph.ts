import type { Model, ModelInputs } from "@relpos/checkpoints";
import {
  addDims,
  argMax,
  cast,
  concat,
  type Dim,
  dimension,
  reshape,
  slice,
  Tensor,
  type TensorType,
  tensorScatter,
  topK,
} from "@relpos/core";
import { type Donation, type Graph, graph } from "@relpos/core/backend";
import type { KeyValue, KeyValueCache, Named } from "@relpos/core/nn";

/**
 * What a step gives of the token after its last: the likeliest one's id, int32 [B], the scores of all, [B, V], or so many
 * of the highest scores and then their ids, of equal ones the first, float32 [B, 2, K].
 */
export type Choice = "token" | "scores" | { readonly topK: number };

export interface StepKind {
  /** Rows of the batch. */
  readonly batch: number;
  /** Whether a row gets one new token, many, or any number, with attention that is fast for both. */
  readonly tokens: "one" | "many" | "any";
  /** Whether tokens may have come before. */
  readonly hasPast: boolean;
  readonly choice: Choice;
}

/** A model's step over new tokens, with the cache that it reads and writes. */
export interface StepGraph {
  readonly graph: Graph;
  readonly donated: readonly Donation[];
  /** int32 [B, S]. */
  readonly tokens: Tensor;
  /** Rows that are filled before the step, int32 [B]; none where the cache grows. */
  readonly length?: Tensor | undefined;
  /** An index for each token of the past, int32 [P], where the step takes the cache's filled rows by their number. */
  readonly past?: Tensor | undefined;
  /** Index of each row's last new token, int32 [B]. */
  readonly last: Tensor;
  /** Positions of all tokens, int32 [B, P + S], of a model that draws them. */
  readonly positions?: Tensor | undefined;
  /** Inputs of the cache, layer by layer; the outputs after the first take their places. */
  readonly cache: readonly Tensor[];
}

const sequence = dimension("sequence");
const pastLength = dimension("past");
const int32 = (shape: readonly Dim[], name: string): Tensor => Tensor.input({ shape, dtype: "int32" }, name);

/** The parts of a layer's cache, those that an encoding has. */
export const cacheParts = ["key", "value", "state"] as const;

/** A part of a layer's cache, and the axis along which rows lie. */
interface CachePart {
  readonly part: (typeof cacheParts)[number];
  readonly type: TensorType;
  readonly axis: number;
}

/** To trace a model takes long beside a short text: what was found is kept, by the model's parameters and the batch. */
const found = new WeakMap<Named<Tensor>, Map<number, readonly (readonly CachePart[])[]>>();

/** Types of a model's cache for a batch, layer by layer, where `rows` stands for its number of tokens. */
export function cacheTypes(
  model: Model,
  parameters: Named<Tensor>,
  batch: number,
  rows: Dim,
): readonly (readonly CachePart[])[] {
  const known = found.get(parameters) ?? new Map<number, readonly (readonly CachePart[])[]>();
  found.set(parameters, known);
  const layers = known.get(batch) ?? traceCache(model, parameters, batch);
  known.set(batch, layers);
  return layers.map((parts) =>
    parts.map(({ part, type: { shape, dtype }, axis }) => {
      return { part, type: { shape: shape.map((dim, at) => (at === axis ? rows : dim)), dtype }, axis };
    }),
  );
}

function traceCache(model: Model, parameters: Named<Tensor>, batch: number): readonly (readonly CachePart[])[] {
  const kind = { batch, tokens: "many", hasPast: false, choice: "token" } as const;
  const { present } = model.apply(parameters, newTokens(model, kind).inputs);
  return present.map((layer) =>
    cacheParts.flatMap((part) => {
      const value = layer[part];
      return value ? [{ part, type: { shape: value.shape, dtype: value.dtype }, axis: part === "state" ? 1 : 2 }] : [];
    }),
  );
}

/** The step of a model whose cache has room: keys and values of the new tokens are written into it. */
export function stepWithRoom(model: Model, parameters: Named<Tensor>, kind: StepKind): StepGraph {
  const { batch } = kind;
  const own = newTokens(model, kind);
  const length = int32([batch], "length");
  const layers = cacheTypes(model, parameters, batch, dimension("capacity")).map((parts, layer) => {
    const inputs = parts.map(({ part, type }) => [part, Tensor.input(type, `cache.${layer}.${part}`)] as const);
    return { ...Object.fromEntries(inputs), length } as unknown as KeyValueCache;
  });
  const cache = layers.flatMap(({ key, value }) => [key, value]);
  const finish = (logits: Tensor, present: readonly KeyValue[], past?: Tensor): StepGraph => {
    const written = present.flatMap(({ key, value }) => [key, value]);
    const others = past ? [length, past] : [length];
    return { ...assemble(parameters, own, others, cache, logits, written, kind.choice), length, past };
  };
  const scatter = (rows: readonly KeyValue[]): readonly KeyValue[] =>
    layers.map(({ key, value }, layer) => {
      const own = rows[layer] as KeyValue;
      return { key: tensorScatter(key, own.key, length), value: tensorScatter(value, own.value, length) };
    });
  if (!kind.hasPast) {
    const { outputs, present } = model.apply(parameters, own.inputs);
    return finish(outputs.logits as Tensor, scatter(present));
  }
  if (kind.tokens !== "many" || batch > 1) {
    const { outputs, present } = model.apply(parameters, own.inputs, layers);
    return finish(outputs.logits as Tensor, present);
  }
  // Many new tokens of one row: attention that backends run fused wants the filled rows alone.
  const past = int32([pastLength], "past");
  const filled = layers.map(({ key, value }) => ({
    key: rowsOf(key, 0, pastLength),
    value: rowsOf(value, 0, pastLength),
  }));
  const { outputs, present } = model.apply(parameters, own.inputs, filled);
  const total = addDims(pastLength, sequence);
  const rows = present.map(({ key, value }) => ({
    key: rowsOf(key, pastLength, total),
    value: rowsOf(value, pastLength, total),
  }));
  return finish(outputs.logits as Tensor, scatter(rows), past);
}

/** Rows of a part of a cache [B, Hkv, C, D]. */
const rowsOf = (x: Tensor, start: Dim, end: Dim): Tensor => slice(x, { 2: [start, end] });

/** The step of a model whose cache is made anew with each step, a few tokens longer. */
export function stepGrowing(model: Model, parameters: Named<Tensor>, kind: StepKind): StepGraph {
  const own = newTokens(model, kind);
  const layers = cacheTypes(model, parameters, kind.batch, pastLength).map((parts, layer) => {
    const inputs = parts.map(({ part, type }) => [part, Tensor.input(type, `past.${layer}.${part}`)] as const);
    return Object.fromEntries(inputs) as unknown as KeyValue;
  });
  const partsOf = (layer: KeyValue): readonly Tensor[] => cacheParts.flatMap((part) => layer[part] ?? []);
  const { outputs, present } = model.apply(parameters, own.inputs, kind.hasPast ? layers : undefined);
  const cache = kind.hasPast ? layers.flatMap(partsOf) : [];
  return assemble(parameters, own, [], cache, outputs.logits as Tensor, present.flatMap(partsOf), kind.choice);
}

interface NewTokens {
  readonly tokens: Tensor;
  readonly last: Tensor;
  readonly positions?: Tensor | undefined;
  readonly inputs: ModelInputs;
}

function newTokens({ drawPositions }: Model, { batch, tokens: count, hasPast }: StepKind): NewTokens {
  const own = count === "one" ? 1 : sequence;
  const tokens = int32([batch, own], "tokens");
  const last = int32([batch], "last");
  const positions = drawPositions && int32([batch, hasPast ? addDims(pastLength, own) : own], "positions");
  const inputs = { input_ids: tokens, position_ids: positions, ...(count !== "one" && { logits_positions: last }) };
  return { tokens, last, positions, inputs };
}

function assemble(
  parameters: Named<Tensor>,
  { tokens, last, positions }: NewTokens,
  others: readonly Tensor[],
  cache: readonly Tensor[],
  logits: Tensor,
  present: readonly Tensor[],
  choice: Choice,
): Omit<StepGraph, "length" | "past"> {
  const [batch, , vocabulary] = logits.shape as readonly [Dim, Dim, Dim];
  const scores = reshape(logits, [batch, vocabulary]);
  const chosen = chosenOf(scores, choice);
  const drawn = positions ? [positions] : [];
  const inputs = [...Object.values(parameters), tokens, last, ...drawn, ...others, ...cache];
  return {
    graph: graph(inputs, [chosen, ...present]),
    donated: cache.map((input, index) => ({ input, output: index + 1 })),
    tokens,
    last,
    positions,
    cache,
  };
}

function chosenOf(scores: Tensor, choice: Choice): Tensor {
  if (choice === "token") return argMax(scores, 1);
  if (choice === "scores") return scores;
  const [batch, vocabulary] = scores.shape as readonly [Dim, number];
  const count = Math.min(choice.topK, vocabulary);
  const { values, indices } = topK(scores, count);
  // Ids below 2²⁴ are exact.
  return concat(
    [values, indices].map((x) => reshape(cast(x, "float32"), [batch, 1, count])),
    1,
  );
}
