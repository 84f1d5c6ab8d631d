import { SettingsError } from "@relpos/lab";
import type { Failure } from "../messages.js";
import { BackendError, usualBackend } from "./backends.js";
import { messageOf } from "./message-of.js";

/** An error in a line, with the remedy. */
export function explain(error: unknown): Failure {
  if (error instanceof SettingsError) return { problem: error.rule, remedy: error.remedy };
  if (error instanceof BackendError) {
    const instead = error.choice === usualBackend ? {} : { instead: usualBackend };
    return { problem: error.message, remedy: "choose another backend", ...instead };
  }
  return { problem: messageOf(error), remedy: "try smaller sizes or another backend" };
}
