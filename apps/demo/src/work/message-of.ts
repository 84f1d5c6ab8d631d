import { RelposError } from "@relpos/core";

/** The message of an error, without the operation that it came from. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof RelposError ? error.message.replace(`[${error.operation}] `, "") : error.message;
}
