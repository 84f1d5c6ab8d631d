import type { HostInputs, Model, ModelRunner } from "@relpos/checkpoints";
import { check, type HostTensor, tensor } from "@relpos/core";
import type { Named } from "@relpos/core/nn";

/** A model with its weights: outputs by name, of which only those that are wanted are fetched. */
export type RunModel = (
  inputs: HostInputs,
  options: { readonly wanted: readonly string[]; readonly signal?: AbortSignal | undefined },
) => Promise<Named<HostTensor>>;

/** A model whose weights the caller holds. */
export const runWith =
  <T>(runner: ModelRunner<T>, weights: Named<T>): RunModel =>
  async (inputs, options) =>
    (await runner.run(weights, inputs, options)).outputs;

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the share of the work that is done. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Rows of tokens as int32 [rows, length], filled up at their ends. */
export function padded(rows: readonly ArrayLike<number>[], length: number, fill: number): HostTensor {
  const data = new Int32Array(rows.length * length).fill(fill);
  for (const [index, row] of rows.entries()) {
    check(row.length <= length, "padded", () => `a row must have at most ${length} numbers, got ${row.length}`);
    data.set(row, index * length);
  }
  return tensor(data, [rows.length, length], "int32");
}

/** Tokens of a row, and their kinds where the model has kinds. */
export interface TokenRow {
  readonly tokens: ArrayLike<number>;
  readonly types?: ArrayLike<number> | undefined;
}

/** Rows of tokens as a model reads them, filled up at their ends: `input_ids`, `attention_mask`, `token_type_ids`. */
export function tokenInputs(rows: readonly TokenRow[], pad: number): HostInputs {
  const length = Math.max(...rows.map(({ tokens }) => tokens.length));
  const ones = rows.map(({ tokens }) => new Int32Array(tokens.length).fill(1));
  const types = rows.flatMap((row) => (row.types ? [row.types] : []));
  return {
    input_ids: padded(
      rows.map(({ tokens }) => tokens),
      length,
      pad,
    ),
    attention_mask: padded(ones, length, 0),
    ...(types.length === rows.length && { token_type_ids: padded(types, length, 0) }),
  };
}

/** Numbers of rows in batches of at most so many tokens, like sizes together, the longest first. */
export function batchesBySize(sizes: readonly number[], tokens: number): readonly (readonly number[])[] {
  const order = sizes.map((_, row) => row).sort((a, b) => sizes[b]! - sizes[a]!);
  const batches: number[][] = [];
  for (let at = 0; at < order.length; ) {
    const count = Math.max(1, Math.floor(tokens / sizes[order[at]!]!));
    batches.push(order.slice(at, at + count));
    at += count;
  }
  return batches;
}

/** Whether a model tells a first from a second text by kinds of tokens. */
export const hasTokenTypes = ({ parameters }: Model): boolean => (parameters["tokenTypes.weight"]?.shape[0] ?? 0) > 1;

/** Most tokens that are run at once. */
const tokensAtOnce = 4096;

/** Runs rows of tokens in batches of like length, and gives each row with its batch's outputs and its number in the batch. */
export async function overRows(
  run: RunModel,
  rows: readonly TokenRow[],
  { pad, wanted, signal, onProgress }: RunOptions & { readonly pad: number; readonly wanted: readonly string[] },
  take: (row: number, outputs: Named<HostTensor>, index: number) => void,
): Promise<void> {
  let done = 0;
  for (const batch of batchesBySize(
    rows.map(({ tokens }) => tokens.length),
    tokensAtOnce,
  )) {
    signal?.throwIfAborted();
    const inputs = tokenInputs(
      batch.map((row) => rows[row]!),
      pad,
    );
    const outputs = await run(inputs, { wanted, signal });
    for (const [index, row] of batch.entries()) take(row, outputs, index);
    done += batch.length;
    onProgress?.(done / rows.length);
  }
}

/** One row of an output [B, …], flat. */
export function rowOf({ data, shape }: HostTensor, index: number): Float32Array {
  const size = data.length / shape[0]!;
  return Float32Array.from({ length: size }, (_, at) => data[index * size + at] as number);
}
