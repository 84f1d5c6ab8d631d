import { CliError } from "../errors.js";

/** Reads the words after an option; errors name the option, the rule and the value. */
export type Parser<T> = (text: string) => T;

/** A whole number from a minimum on, and at most a maximum. */
export function wholeNumber(
  flag: string,
  minimum: number,
  most = Number.MAX_SAFE_INTEGER,
  example = Math.max(minimum, 2),
): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && Number.isSafeInteger(value) && value >= minimum && value <= most) return value;
    const rule = most === Number.MAX_SAFE_INTEGER ? `from ${minimum}` : `from ${minimum} to ${most}`;
    throw new CliError(`${flag} takes a whole number ${rule}, got "${text}"`, `for example ${flag} ${example}`);
  };
}

/** A number above a minimum and at most a maximum. */
export function realNumber(flag: string, above: number, most: number, example: number): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && value > above && value <= most) return value;
    const rule = most === Number.POSITIVE_INFINITY ? `above ${above}` : `above ${above} and at most ${most}`;
    throw new CliError(`${flag} takes a number ${rule}, got "${text}"`, `for example ${flag} ${example}`);
  };
}

/** A number from a minimum to a maximum, both included. */
export function numberFrom(flag: string, least: number, most: number, example: number): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && value >= least && value <= most) return value;
    const rule = most === Number.POSITIVE_INFINITY ? `from ${least}` : `from ${least} to ${most}`;
    throw new CliError(`${flag} takes a number ${rule}, got "${text}"`, `for example ${flag} ${example}`);
  };
}

/** Whole numbers with commas between them. */
export function wholeNumbers(flag: string, minimum: number, example: string): Parser<readonly number[]> {
  return (text) => {
    const parts = words(text);
    const numbers = parts.map(Number);
    if (
      parts.length > 0 &&
      parts.every((part) => /^\d+$/.test(part)) &&
      numbers.every((number) => Number.isSafeInteger(number) && number >= minimum)
    ) {
      return numbers;
    }
    throw new CliError(
      `${flag} takes whole numbers from ${minimum} with commas between them, got "${text}"`,
      `for example ${flag} ${example}`,
    );
  };
}

/** Numbers from a least to a most with commas between them. */
export function numbersFrom(flag: string, least: number, most: number, example: string): Parser<readonly number[]> {
  return (text) => {
    const numbers = words(text).map(Number);
    if (numbers.length > 0 && numbers.every((number) => number >= least && number <= most)) return numbers;
    throw new CliError(
      `${flag} takes numbers from ${least} to ${most} with commas between them, got "${text}"`,
      `for example ${flag} ${example}`,
    );
  };
}

/** Names with commas between them. */
export function names(flag: string, example: string): Parser<readonly string[]> {
  return (text) => {
    const parts = words(text);
    if (parts.length > 0) return parts;
    throw new CliError(`${flag} takes names with commas between them, got "${text}"`, `for example ${flag} ${example}`);
  };
}

/** One of some names. */
export function oneOf<const T extends string>(flag: string, known: readonly T[]): Parser<T> {
  return (text) => {
    const found = known.find((name) => name === text);
    if (found) return found;
    throw new CliError(`${flag} takes ${known.join(", ")}, got "${text}"`, `for example ${flag} ${known[0]}`);
  };
}

function words(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
