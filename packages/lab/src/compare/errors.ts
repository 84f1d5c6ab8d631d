import { RelposError } from "@relpos/core";

/** A comparison that cannot start as asked: says what is wrong and what to do about it. */
export class SettingsError extends RelposError {
  override readonly name = "SettingsError";
  readonly rule: string;
  readonly remedy: string;

  constructor(rule: string, remedy: string, options?: ErrorOptions) {
    super("compare", `${rule} — ${remedy}`, options);
    this.rule = rule;
    this.remedy = remedy;
  }
}

/** What an error says, without the operation in brackets before it. */
export const ruleOf = ({ message }: Error): string => message.replace(/^\[[^\]]+\] /, "");

/** Runs what settings may be wrong for: what is wrong becomes a SettingsError with a remedy. */
export function withRemedy<T>(act: () => T, remedy: string): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof RelposError)) throw error;
    throw new SettingsError(ruleOf(error), remedy, { cause: error });
  }
}

/** Throws a SettingsError unless the condition holds. */
export function require(condition: unknown, rule: () => string, remedy: () => string): asserts condition {
  if (!condition) throw new SettingsError(rule(), remedy());
}
