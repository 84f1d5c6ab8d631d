import { ApiError } from "./api-error.js";

interface Waiter {
  let(): void;
  refuse(error: Error): void;
}

/**
 * Lets so many work at the same time. Others wait, and clients are let in by turns, so that one with many requests does
 * not keep out one with a single request.
 */
export class FairQueue {
  readonly #mostWaiting: number;
  /** Those who wait, by client; the client whose turn is next comes first. */
  readonly #waiting = new Map<string, readonly Waiter[]>();
  #free: number;
  #closed: ApiError | undefined;

  constructor(places: number, mostWaiting: number) {
    this.#free = places;
    this.#mostWaiting = mostWaiting;
  }

  /** How many wait. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Waits for a place; the result gives it back. Errors when too many wait already, and when the signal aborts. */
  async enter(client: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#closed) throw this.#closed;
    if (this.#free > 0) this.#free--;
    else await this.#wait(client, signal);
    return () => this.#leave();
  }

  /** Refuses those who wait, and all who come later. */
  close(error: ApiError): void {
    this.#closed = error;
    const waiters = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    for (const { refuse } of waiters) refuse(error);
  }

  #wait(client: string, signal: AbortSignal): Promise<void> {
    if (this.waiting >= this.#mostWaiting) {
      throw new ApiError(429, `too many requests wait, ${this.#mostWaiting} at most: try again later`, {
        code: "rate_limit_exceeded",
      });
    }
    return new Promise<void>((resolve, reject) => {
      const aborted = (): void => {
        this.#replace(client, (own) => own.filter((other) => other !== waiter));
        reject(signal.reason);
      };
      const settle = (act: () => void) => {
        signal.removeEventListener("abort", aborted);
        act();
      };
      const waiter: Waiter = { let: () => settle(resolve), refuse: (error) => settle(() => reject(error)) };
      signal.addEventListener("abort", aborted, { once: true });
      this.#replace(client, (own) => [...own, waiter]);
    });
  }

  #replace(client: string, change: (own: readonly Waiter[]) => readonly Waiter[]): void {
    const own = change(this.#waiting.get(client) ?? []);
    if (own.length > 0) this.#waiting.set(client, own);
    else this.#waiting.delete(client);
  }

  /** Gives the place to the client whose turn it is, who is last in turn then. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    const [client, [first, ...others]] = next as [string, readonly [Waiter, ...Waiter[]]];
    this.#waiting.delete(client);
    if (others.length > 0) this.#waiting.set(client, others);
    first.let();
  }
}
