import { encodeSafetensors, type ReadOptions, type SourceLike, saveSafetensors } from "@relpos/checkpoints";
import { check, elementCount, type HostTensor, pad, type Tensor, type TensorType, tensor, trace } from "@relpos/core";
import type { LanguageModel, Step } from "./language-model.js";
import { checkRows, readSessionFile, resized, type SessionParts, sessionFile } from "./session-file.js";
import { type Choice, cacheTypes } from "./step-graph.js";

export interface SessionOptions {
  /** Rows of the batch. Default 1. */
  readonly batch?: number;
  /** A cache grows by so many rows at a time. Default 256. */
  readonly block?: number;
  /** So many tokens at most are taken in one step. Default 512. */
  readonly chunk?: number;
}

export interface AppendOptions {
  /** Default "token". */
  readonly choice?: Choice;
  /** Checked between chunks. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A conversation with a decoder: the tokens so far, with their keys and values on the backend.
 *
 * Rows of a batch may have unequal lengths where the model's cache has room. One call at a time.
 */
export class Session {
  readonly model: LanguageModel;
  readonly batch: number;
  readonly #block: number;
  readonly #chunk: number;
  #rows: number[][];
  /** How many tokens of each row the cache holds. */
  #held: number[];
  #capacity = 0;
  #cache: readonly unknown[] = [];
  /** The model's when the cache was computed. */
  #version: number;
  #disposed = false;

  constructor(model: LanguageModel, { batch = 1, block = 256, chunk = 512 }: SessionOptions = {}) {
    for (const [name, value] of Object.entries({ batch, block, chunk })) {
      check(Number.isInteger(value) && value > 0, "Session", () => `${name} must be whole and positive, got ${value}`);
    }
    check(batch === 1 || model.hasRoom, "Session", () => {
      return `batch must be 1 for a model whose cache has no room, got ${batch}`;
    });
    this.model = model;
    this.#version = model.version;
    this.batch = batch;
    this.#block = block;
    this.#chunk = chunk;
    this.#rows = Array.from({ length: batch }, () => []);
    this.#held = this.#rows.map(() => 0);
  }

  /** The tokens of each row so far. */
  get rows(): readonly (readonly number[])[] {
    return this.#rows;
  }

  /**
   * Takes new tokens, at least one for each row, and gives what the model says of the next: int32 [B] or scores [B, V].
   *
   * What fails loses the cache, not the tokens: the next call computes it anew.
   */
  async append(
    rows: readonly (readonly number[])[],
    { choice = "token", signal }: AppendOptions = {},
  ): Promise<HostTensor> {
    check(!this.#disposed, "append", () => "the session was disposed");
    if (this.#version !== this.model.version) this.#forget();
    this.#version = this.model.version;
    check(rows.length === this.batch && rows.every((row) => row.length > 0), "append", () => {
      return `every row must get a token, got ${rows.map((row) => row.length)} for ${this.batch} rows`;
    });
    for (const [index, row] of rows.entries()) this.#rows[index]?.push(...row);
    while (this.#pending() > this.#chunk) {
      signal?.throwIfAborted();
      this.model.backend.dispose(await this.#advance(choice));
    }
    signal?.throwIfAborted();
    const chosen = await this.#advance(choice);
    const value = await this.model.backend.download(chosen);
    this.model.backend.dispose(chosen);
    return value;
  }

  /** Forgets all but the first tokens of each row. */
  truncate(lengths: readonly number[]): void {
    lengths.forEach((length, index) => {
      const row = this.#rows[index] as number[];
      check(Number.isInteger(length) && length >= 0 && length <= row.length, "truncate", () => {
        return `length must be whole and at most ${row.length}, got ${length}`;
      });
      row.length = length;
      if (this.model.hasRoom) this.#held[index] = Math.min(length, this.#held[index] as number);
    });
    if (!this.model.hasRoom && this.#held.some((held, index) => held > (lengths[index] as number))) this.#forget();
  }

  /** Another session with the same tokens and a copy of the cache. */
  async fork(): Promise<Session> {
    const { model, batch } = this;
    const other = new Session(model, { batch, block: this.#block, chunk: this.#chunk });
    other.#rows = this.#rows.map((row) => [...row]);
    const values = await Promise.all(this.#cache.map((part) => model.backend.download(part)));
    other.#cache = await Promise.all(values.map((value) => model.backend.upload(value)));
    other.#held = [...this.#held];
    other.#capacity = this.#capacity;
    return other;
  }

  /** Writes the session to a file, as a whole or not at all: its tokens and its cache. Needs Node. */
  async save(path: string): Promise<void> {
    const { tensors, metadata } = sessionFile(this.model, await this.#parts());
    await saveSafetensors(path, tensors, { metadata });
  }

  /** The same file in memory. */
  async toBytes(): Promise<Uint8Array<ArrayBuffer>> {
    const { tensors, metadata } = sessionFile(this.model, await this.#parts());
    return encodeSafetensors(tensors, { metadata });
  }

  /**
   * The session of a file, which goes on as the one that was saved: `source` is a path (in Node), an address, a Blob or bytes.
   * Samplers have no state but the seed, so draws go on too.
   *
   * Errors when the file is no session, and when it is one of another model: its first tokens are computed anew and compared.
   */
  static async restore(model: LanguageModel, source: SourceLike, options: ReadOptions = {}): Promise<Session> {
    const parts = await readSessionFile(model, source, options);
    const { rows, held, block, chunk, cache } = parts;
    const session = new Session(model, { batch: rows.length, block, chunk });
    session.#rows = rows.map((row) => [...row]);
    if (cache.length === 0) return session;
    await session.#check(parts);
    const filled = Math.max(...held);
    session.#capacity = model.hasRoom ? Math.ceil(filled / block) * block : 0;
    const whole = model.hasRoom ? cache.map((part) => resized(part, 2, session.#capacity)) : cache;
    session.#cache = await Promise.all(whole.map((part) => model.backend.upload(part, { transfer: true })));
    session.#held = [...held];
    return session;
  }

  /** Errors unless the first rows of a saved cache are those that this model computes. */
  async #check(saved: SessionParts): Promise<void> {
    const count = Math.min(saved.held[0] as number, checkedTokens);
    if (count === 0) return;
    using own = new Session(this.model, { block: count });
    await own.append([(saved.rows[0] as readonly number[]).slice(0, count)]);
    checkRows(this.model, saved, (await own.#parts()).cache, count);
  }

  async #parts(): Promise<SessionParts> {
    check(!this.#disposed, "save", () => "the session was disposed");
    const sizes = { held: this.#held, block: this.#block, chunk: this.#chunk };
    const rows = this.#rows.map((row) => [...row]);
    return { rows, ...sizes, cache: await Promise.all(this.#cache.map((part) => this.model.backend.download(part))) };
  }

  /** Frees the cache. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #forget(): void {
    for (const part of this.#cache) this.model.backend.dispose(part);
    this.#cache = [];
    this.#held = this.#held.map(() => 0);
    this.#capacity = 0;
  }

  /** The most tokens that a row has and the cache does not hold. */
  #pending(): number {
    return Math.max(...this.#rows.map((row, index) => row.length - (this.#held[index] as number)));
  }

  /** One step, so many tokens that every row ends in the last one; a handle of what was chosen. */
  async #advance(choice: Choice): Promise<unknown> {
    const later = Math.max(this.#pending() - this.#chunk, 0);
    const own = this.#rows.map((row, index) => row.slice(this.#held[index], Math.max(row.length - later, 0)));
    const count = Math.max(...own.map((row) => row.length));
    const hasPast = this.#held.some((held) => held > 0);
    const { backend, hasRoom } = this.model;
    const kind = { batch: this.batch, tokens: count === 1 ? "one" : "many", hasPast, choice } as const;
    const step = await this.model.step(kind);
    if (hasRoom) await this.#makeRoom(Math.max(...this.#held) + count);
    const small = new Map<Tensor, unknown>();
    for (const [input, value] of this.#inputs(step, own, count)) small.set(input, await backend.upload(value));
    const cache = step.cache.map((input, index) => [input, this.#cache[index]] as const);
    try {
      const [chosen, ...present] = await step.executable.run(new Map([...this.model.fed, ...small, ...cache]));
      this.#cache = present;
      this.#held = this.#held.map((held, index) => held + (own[index] as number[]).length);
      return chosen;
    } catch (error) {
      this.#forget();
      throw error;
    } finally {
      for (const handle of small.values()) backend.dispose(handle);
    }
  }

  /** The new tokens, padded behind, and the numbers that go with them. */
  #inputs(step: Step, own: readonly (readonly number[])[], count: number): ReadonlyMap<Tensor, HostTensor> {
    const held = this.#held[0] as number;
    const padded = own.flatMap((row) => [...row, ...new Array<number>(count - row.length).fill(0)]);
    const perRow = (values: readonly number[]): HostTensor => tensor(Int32Array.from(values), [this.batch], "int32");
    return new Map([
      [step.tokens, tensor(Int32Array.from(padded), [this.batch, count], "int32")],
      [step.last, perRow(own.map((row) => Math.max(row.length - 1, 0)))],
      ...(step.length ? ([[step.length, perRow(this.#held)]] as const) : []),
      ...(step.past ? ([[step.past, tensor(new Int32Array(held), [held], "int32")]] as const) : []),
      ...(step.positions ? ([[step.positions, this.#positions(held + count)]] as const) : []),
    ]);
  }

  /** Positions of the only row's first tokens, of a model that draws them. */
  #positions(count: number): HostTensor {
    const tokens = tensor(Int32Array.from((this.#rows[0] as number[]).slice(0, count)), [1, count], "int32");
    return this.model.model.drawPositions?.(tokens) as HostTensor;
  }

  /** Makes the cache hold so many rows, in whole blocks. */
  async #makeRoom(rows: number): Promise<void> {
    if (rows <= this.#capacity) return;
    const capacity = Math.ceil(rows / this.#block) * this.#block;
    const { backend } = this.model;
    const before = this.#cache;
    this.#cache =
      before.length === 0
        ? await Promise.all(this.#types(capacity).map((type) => backend.upload(zeros(type), { transfer: true })))
        : await this.#padded(capacity - this.#capacity);
    for (const part of before) backend.dispose(part);
    this.#capacity = capacity;
  }

  /** Types of the cache's parts with so many rows. */
  #types(rows: number): readonly TensorType[] {
    const { model, parameters } = this.model;
    return cacheTypes(model, parameters, this.batch, rows).flatMap((parts) => parts.map(({ type }) => type));
  }

  /** The cache's parts with more rows behind their own. */
  async #padded(more: number): Promise<readonly unknown[]> {
    const program = trace(
      (...parts) => parts.map((part) => pad(part as Tensor, { 2: [0, more] })),
      ...this.#types(this.#capacity),
    );
    const executable = await this.model.backend.compile(program);
    try {
      return await executable.run(new Map(program.inputs.map((input, index) => [input, this.#cache[index]])));
    } finally {
      await executable.close();
    }
  }
}

/** So many of a saved session's tokens are computed anew to tell its model from others. */
const checkedTokens = 8;

function zeros({ shape, dtype }: TensorType): HostTensor {
  const sizes = shape as readonly number[];
  return tensor(new Float32Array(elementCount(sizes)), sizes, dtype);
}
