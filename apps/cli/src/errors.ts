import { CommanderError } from "commander";

/** How the program ends. */
export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** A failure that is shown as one line: what is wrong, and what to do about it. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly remedy: string;
  readonly exitCode: number;

  constructor(message: string, remedy: string, exitCode: number = exitCodes.usage, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}

/** One line for the user, and the exit code, of whatever was thrown. */
export function describeError(error: unknown): { readonly line: string; readonly exitCode: number } {
  if (error instanceof CliError) return describe(error.message, error.remedy, error.exitCode);
  if (error instanceof CommanderError) return describeCommander(error);
  if (isSettingsError(error)) return describe(error.rule, error.remedy, exitCodes.usage);
  const message = error instanceof Error ? error.message : String(error);
  // What the engine says where an array would be larger than any can be.
  if (error instanceof RangeError) return describe(message, "choose smaller numbers", exitCodes.failure);
  return describe(message, "set RELPOS_DEBUG=1 to see where it happened", exitCodes.failure);
}

function describe(message: string, remedy: string, exitCode: number) {
  return { line: `error: ${oneLine(message)} — ${oneLine(remedy)}`, exitCode };
}

/** Commander writes `error: …`, and its guess on a line of its own. */
function describeCommander(error: CommanderError) {
  const [message = "", guess] = error.message.replace(/^error: /, "").split("\n");
  const remedy =
    guess?.replace(/^\(|\)$/g, "").replace(/^D/, "d") ?? "see `relpos --help`, or --help after the command";
  return describe(message, remedy, exitCodes.usage);
}

interface SettingsErrorLike extends Error {
  readonly rule: string;
  readonly remedy: string;
}

function isSettingsError(error: unknown): error is SettingsErrorLike {
  return error instanceof Error && error.name === "SettingsError" && "rule" in error && "remedy" in error;
}

/** Text without line breaks. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
