import { check } from "@relpos/core";

/** e to the mean nats of a token: among how many equally probable tokens the model seems to choose. */
export function perplexity(nats: number, tokens: number): number {
  check(tokens > 0, "perplexity", () => `at least one token must be scored, got ${tokens}`);
  return Math.exp(nats / tokens);
}

/** Bits for each byte of the text in UTF-8: comparable between tokenizers. */
export function bitsPerByte(nats: number, bytes: number): number {
  check(bytes > 0, "bitsPerByte", () => `the text must have at least one byte, got ${bytes}`);
  return nats / Math.LN2 / bytes;
}
