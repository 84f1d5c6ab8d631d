import { check } from "@relpos/core";

/** What a server takes on. */
export interface Limits {
  /** Bytes of a request's body. Default 1 MiB. */
  readonly bodyBytes: number;
  /** New tokens of one answer, and what a conversation gets that asks for no number. Default 4096. */
  readonly newTokens: number;
  /** Requests answered at the same time, token by token in turns. Default 4. */
  readonly concurrent: number;
  /** Requests that wait for a place. Default 64. */
  readonly waiting: number;
}

const defaults: Limits = { bodyBytes: 2 ** 20, newTokens: 4096, concurrent: 4, waiting: 64 };

/** Limits with the defaults filled in. Errors for those that are not whole and positive; nobody may wait. */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  const limits = { ...defaults, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "waiting" ? 0 : 1;
    check(
      Number.isInteger(value) && value >= least,
      "limits",
      () => `${name} must be whole and from ${least}, got ${value}`,
    );
  }
  return limits;
}
