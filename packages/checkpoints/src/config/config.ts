import { check, RelposError } from "@relpos/core";
import type { Remap } from "./remap.js";
import { isWithoutEffect } from "./without-effect.js";

/** A parsed config.json. */
export type ConfigFields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is ConfigFields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A model's configuration that knows which of its settings were read, so that one that nobody read is an error and not
 * a guess. `null` counts as not given, as in Hugging Face's classes.
 */
export class Config {
  readonly fields: ConfigFields;
  private readonly read: Set<string>;
  /** What stands before a setting's name in errors, for configurations inside of configurations. */
  private readonly path: string;
  /** Other distances that were asked for in place of the rotary embedding's own. */
  readonly remap: Remap | undefined;

  constructor(
    fields: ConfigFields,
    { path = "", remap }: { readonly path?: string; readonly remap?: Remap | undefined } = {},
  ) {
    this.fields = fields;
    this.path = path;
    this.remap = remap;
    this.read = new Set();
  }

  /** A setting as it stands; `undefined` where there is none. */
  value(name: string): unknown {
    this.read.add(name);
    return (Object.hasOwn(this.fields, name) ? this.fields[name] : undefined) ?? undefined;
  }

  /** A number that may be absent. */
  optional(name: string): number | undefined {
    return this.typed<number>(name, "a number", (value) => typeof value === "number");
  }

  number(name: string, fallback?: number): number {
    return this.required(name, "a number", this.optional(name) ?? fallback);
  }

  /** A whole number, 0 or more. */
  count(name: string, fallback?: number): number {
    const value = this.number(name, fallback);
    check(Number.isInteger(value) && value >= 0, "config", () => `${this.path}${name} must be whole, got ${value}`);
    return value;
  }

  flag(name: string, fallback = false): boolean {
    return this.typed<boolean>(name, "true or false", (value) => typeof value === "boolean") ?? fallback;
  }

  text(name: string, fallback?: string): string {
    const value = this.typed<string>(name, "a text", (found) => typeof found === "string");
    return this.required(name, "a text", value ?? fallback);
  }

  /** A list of numbers that may be absent. */
  numbers(name: string): readonly number[] | undefined {
    return this.typed<readonly number[]>(name, "a list of numbers", (value) => {
      return Array.isArray(value) && value.every((item) => typeof item === "number");
    });
  }

  /** A list of texts that may be absent. */
  texts(name: string): readonly string[] | undefined {
    return this.typed<readonly string[]>(name, "a list of texts", (value) => {
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    });
  }

  /** One of a table's values by its name. Errors name the setting and what there is. */
  choice<T>(name: string, table: Readonly<Record<string, T>>, fallback?: string): T {
    const value = this.text(name, fallback);
    check(Object.hasOwn(table, value), "config", () => {
      return `${this.path}${name} must be one of ${Object.keys(table).join(", ")}, got ${value}`;
    });
    return table[value] as T;
  }

  /** A configuration inside of this one; an empty one where there is none. */
  nested(name: string): Config {
    const value = this.value(name) ?? {};
    check(isFields(value), "config", () => `${this.path}${name} must be an object, got ${JSON.stringify(value)}`);
    return new Config(value, { path: `${this.path}${name}.`, remap: this.remap });
  }

  /** Errors unless a setting has the only value that is supported, or is absent. */
  only(name: string, supported: string | number | boolean): void {
    const value = this.value(name) ?? supported;
    check(value === supported, "config", () => {
      return `${this.path}${name} must be ${JSON.stringify(supported)}, other values are not supported, got ${JSON.stringify(value)}`;
    });
  }

  /** Marks settings as read that change nothing for this family. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.read.add(name);
  }

  /** Errors when a setting is left that was not read and may change results. */
  finish(): void {
    const left = Object.entries(this.fields).filter(([name, value]) => {
      return value !== null && !this.read.has(name) && !isWithoutEffect(name);
    });
    check(left.length === 0, "config", () => {
      const names = left.map(([name, value]) => `${this.path}${name} (${JSON.stringify(value)?.slice(0, 40)})`);
      return `every setting that may change results must be known for this model_type, got ${names.join(", ")}`;
    });
  }

  private typed<T>(name: string, what: string, fits: (value: unknown) => boolean): T | undefined {
    const value = this.value(name);
    check(value === undefined || fits(value), "config", () => {
      return `${this.path}${name} must be ${what}, got ${JSON.stringify(value)}`;
    });
    return value as T | undefined;
  }

  private required<T>(name: string, what: string, value: T | undefined): T {
    check(value !== undefined, "config", () => `${this.path}${name} must be ${what}, got none`);
    return value;
  }
}

/** Reads a config.json. Errors when it is no JSON object. */
export function parseConfig(name: string, text: string): ConfigFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RelposError("config", `${name} must be JSON: ${(error as Error).message}`, { cause: error });
  }
  check(isFields(value), "config", () => `${name} must be a JSON object, got ${text.slice(0, 40)}`);
  return value;
}
