import { randomInt } from "node:crypto";
import { RelposError } from "@relpos/core";
import { ContextLengthError, type FinishReason, type Prompt, type TextGenerator } from "@relpos/pipelines";
import { ApiError } from "./api-error.js";
import { FairQueue } from "./fair-queue.js";
import type { Limits } from "./limits.js";
import type { Ask } from "./request.js";
import { SessionPool } from "./session-pool.js";

/** Tokens that a request took. */
export interface Usage {
  readonly promptTokens: number;
  /** Those of them that a session knew already. */
  readonly cachedTokens: number;
  readonly newTokens: number;
}

/** A piece of an answer, or its end. */
export interface Piece {
  /** Which answer, counted over all prompts. */
  readonly index: number;
  readonly text: string;
  readonly finishReason: FinishReason | null;
}

/** A request that has its place. */
export interface Place {
  /** Writes the answers one after another; gives the place back at its end. */
  answer(): AsyncGenerator<Piece, Usage>;
}

/** A generator that many ask: who is answered when, in which session, and until when. */
export class Engine {
  readonly limits: Limits;
  readonly #generator: TextGenerator;
  readonly #queue: FairQueue;
  readonly #sessions: SessionPool;
  readonly #running = new Set<AbortController>();

  constructor(generator: TextGenerator, limits: Limits) {
    this.limits = limits;
    this.#generator = generator;
    this.#queue = new FairQueue(limits.concurrent, limits.waiting);
    this.#sessions = new SessionPool(generator.model, limits.concurrent);
  }

  /** How many requests have a place, and how many wait for one. */
  get load(): { readonly running: number; readonly waiting: number } {
    const { waiting } = this.#queue;
    return { running: this.#running.size - waiting, waiting };
  }

  /**
   * Waits for a place. `stop` ends the waiting, and the answer within one token. Errors for prompts that cannot be
   * answered, before they wait, and when too many wait.
   */
  async admit(ask: Ask, client: string, stop: AbortController): Promise<Place> {
    const prompts = ask.prompts.map((prompt) => ({ prompt, tokens: this.#encode(prompt) }));
    this.#running.add(stop);
    try {
      const leave = await this.#queue.enter(client, stop.signal);
      return { answer: () => this.#answer(ask, prompts, stop, leave) };
    } catch (error) {
      this.#running.delete(stop);
      throw error;
    }
  }

  /** Refuses new requests and those that wait; the others go on. */
  refuse(): void {
    this.#queue.close(new ApiError(503, "the server is shutting down"));
  }

  /** Ends what is answered, within one token. */
  abort(): void {
    for (const stop of this.#running) stop.abort(new ApiError(503, "the server is shutting down"));
  }

  /** Frees the sessions, those in use when they are no more. */
  dispose(): void {
    this.#sessions.dispose();
  }

  async *#answer(
    { choices, options }: Ask,
    prompts: readonly { readonly prompt: Prompt; readonly tokens: readonly number[] }[],
    stop: AbortController,
    leave: () => void,
  ): AsyncGenerator<Piece, Usage> {
    let usage: Usage = { promptTokens: 0, cachedTokens: 0, newTokens: 0 };
    const seed = options.seed ?? randomInt(2 ** 31);
    let index = 0;
    try {
      for (const { prompt, tokens } of prompts) {
        const { session, known } = this.#sessions.take(tokens);
        usage = {
          ...usage,
          promptTokens: usage.promptTokens + tokens.length,
          cachedTokens: usage.cachedTokens + known,
        };
        try {
          for (let choice = 0; choice < choices; choice++, index++) {
            const settings = { ...options, seed: seed + choice, signal: stop.signal };
            const pieces = this.#generator.stream(prompt, settings, session);
            let next = await pieces.next();
            for (; !next.done; next = await pieces.next()) yield { index, text: next.value, finishReason: null };
            usage = { ...usage, newTokens: usage.newTokens + next.value.tokens.length };
            yield { index, text: "", finishReason: next.value.finishReason };
          }
        } finally {
          this.#sessions.give(session);
        }
      }
      return usage;
    } finally {
      this.#running.delete(stop);
      leave();
    }
  }

  /** A prompt's tokens. What is wrong with it is the client's. */
  #encode(prompt: Prompt): readonly number[] {
    try {
      return this.#generator.encode(prompt);
    } catch (error) {
      if (!(error instanceof RelposError)) throw error;
      const code = error instanceof ContextLengthError ? { code: "context_length_exceeded" } : {};
      throw new ApiError(400, error.message, { ...code, param: typeof prompt === "string" ? "prompt" : "messages" });
    }
  }
}
