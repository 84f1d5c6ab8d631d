import {
  openSafetensors,
  type ReadOptions,
  type SourceLike,
  toStoredTensor,
  type WritableTensors,
} from "@relpos/checkpoints";
import { check, elementCount, type HostTensor, hash, RelposError, tensor, toNumbers } from "@relpos/core";
import type { LanguageModel } from "./language-model.js";
import { cacheTypes, stepGrowing, stepWithRoom } from "./step-graph.js";

/** What a session is made of. */
export interface SessionParts {
  /** The tokens of each row. */
  readonly rows: readonly (readonly number[])[];
  /** How many tokens of each row the cache holds. */
  readonly held: readonly number[];
  readonly block: number;
  readonly chunk: number;
  /** The cache's parts, layer by layer, as many rows as the longest needs. */
  readonly cache: readonly HostTensor[];
}

const format = "relpos.session";

/** Names and types of the parts of a model's cache, and the axis along which rows lie. */
function partsOf({ model, parameters }: LanguageModel, batch: number) {
  return cacheTypes(model, parameters, batch, 0).flatMap((parts, layer) =>
    parts.map(({ part, ...of }) => ({ name: `layers.${layer}.${part}`, ...of })),
  );
}

/** What tells models of other sizes, layers or encodings apart: a hash of the graph that they run. */
function structureOf({ model, parameters, hasRoom }: LanguageModel): string {
  const kind = { batch: 1, tokens: "many", hasPast: false, choice: "token" } as const;
  return hash((hasRoom ? stepWithRoom : stepGrowing)(model, parameters, kind).graph);
}

/** A session as a safetensors file: `tokens.<row>`, and the filled rows of the cache by layer. */
export function sessionFile(
  model: LanguageModel,
  { rows, held, block, chunk, cache }: SessionParts,
): { readonly tensors: WritableTensors; readonly metadata: Readonly<Record<string, string>> } {
  const filled = Math.max(...held);
  const parts = partsOf(model, rows.length);
  const tensors = new Map([
    ...rows.map((row, index) => [`tokens.${index}`, int32(row)] as const),
    ...cache.map((value, index) => {
      const { name, axis } = parts[index] as (typeof parts)[number];
      const own = resized(value, axis, filled);
      return [name, own.data instanceof Float64Array ? toStoredTensor(own, "F64") : own] as const;
    }),
  ]);
  const sizes = JSON.stringify({ batch: rows.length, held, block, chunk });
  return { tensors, metadata: { format, version: "1", model: structureOf(model), session: sizes } };
}

/** Reads a session's file. Errors when it is none, when another model wrote it, and when its parts do not fit. */
export async function readSessionFile(
  model: LanguageModel,
  source: SourceLike,
  options: ReadOptions = {},
): Promise<SessionParts> {
  const file = await openSafetensors(source, options);
  try {
    const { metadata } = file;
    check(metadata.format === format && metadata.version === "1", "restore", () => {
      return `the file must be a session that relpos saved, got format ${metadata.format}, version ${metadata.version}`;
    });
    if (metadata.model !== structureOf(model)) throw foreign("its layers or encoding are others");
    const { batch, held, block, chunk } = sizesOf(metadata.session);
    const rows = await Promise.all(
      held.map(async (_, index) => Array.from(toNumbers(await file.load(`tokens.${index}`, options)))),
    );
    const fits = held.length === batch && held.every((count, index) => count <= (rows[index] as number[]).length);
    check(
      fits,
      "restore",
      () => `the cache must hold tokens that there are, got ${held} of ${rows.map((row) => row.length)}`,
    );
    const filled = Math.max(...held);
    const parts = filled > 0 ? partsOf(model, batch) : [];
    const cache = await Promise.all(
      parts.map(async ({ name, type, axis }) => {
        const value = await file.load(name, options);
        const expected = type.shape.map((size, at) => (at === axis ? filled : size));
        check(`${value.shape}` === `${expected}` && value.dtype === type.dtype, "restore", () => {
          return `${name} must be ${type.dtype} [${expected}], got ${value.dtype} [${value.shape}]`;
        });
        return value;
      }),
    );
    return { rows, held, block, chunk, cache };
  } finally {
    await file.close();
  }
}

/** The largest difference that the same model may make on another backend. */
const tolerance = 1e-3;

/**
 * Errors unless a model computes rows of a cache as they were saved: those of a session's first tokens, computed anew. So no
 * weights of another training go unnoticed, and none have to be read.
 */
export function checkRows(
  model: LanguageModel,
  saved: SessionParts,
  computed: readonly HostTensor[],
  count: number,
): void {
  for (const [index, { name, axis }] of partsOf(model, saved.rows.length).entries()) {
    const first = firstOf(saved.cache[index] as HostTensor);
    const [expected, actual] = [first, computed[index] as HostTensor].map((x) => toNumbers(resized(x, axis, count)));
    const difference = distance(actual as ArrayLike<number>, expected as ArrayLike<number>);
    if (!(difference <= tolerance)) throw foreign(`${name} is computed otherwise by its weights`);
  }
}

const foreign = (why: string): RelposError =>
  new RelposError("restore", `the session must be of this model, got one of another: ${why}`);

/** A tensor with so many rows along an axis: cut off, or with zeros behind. */
export function resized({ shape, dtype, data }: HostTensor, axis: number, rows: number): HostTensor {
  const own = shape[axis] as number;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const Data = data.constructor as new (length: number) => typeof data;
  const result = new Data(outer * rows * inner);
  for (let index = 0; index < outer; index++) {
    const start = index * own * inner;
    result.set(data.subarray(start, start + Math.min(own, rows) * inner), index * rows * inner);
  }
  return { shape: shape.map((size, at) => (at === axis ? rows : size)), dtype, data: result };
}

/** The first of a batch. */
function firstOf({ shape, dtype, data }: HostTensor): HostTensor {
  const [, ...rest] = shape;
  return { shape: [1, ...rest], dtype, data: data.subarray(0, elementCount(rest)) };
}

/** ‖a − b‖ / ‖b‖. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let index = 0; index < b.length; index++) {
    difference += ((a[index] as number) - (b[index] as number)) ** 2;
    norm += (b[index] as number) ** 2;
  }
  return Math.sqrt(difference) / Math.sqrt(norm || 1);
}

interface Sizes {
  readonly batch: number;
  readonly held: readonly number[];
  readonly block: number;
  readonly chunk: number;
}

function sizesOf(text = "{}"): Sizes {
  let value: Partial<Sizes> = {};
  try {
    value = JSON.parse(text) as Partial<Sizes>;
  } catch {}
  const { batch, held, block, chunk } = value;
  const counts = [batch, block, chunk, ...(Array.isArray(held) ? held : [undefined])];
  check(
    counts.every((count) => Number.isSafeInteger(count) && (count as number) >= 0),
    "restore",
    () => {
      return `the file must have the session's sizes, got ${text.slice(0, 100)}`;
    },
  );
  return value as Sizes;
}

const int32 = (values: readonly number[]): HostTensor => tensor(values, [values.length], "int32");
