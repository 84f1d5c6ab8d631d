import { expectClose } from "@relpos/conformance";
import { exactTensor, RelposError } from "@relpos/core";

/** Values as JSON has them. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What a stored case holds beside its inputs, and what is computed from them. */
export interface MetricCase {
  readonly name: string;
  readonly expected: Json;
  actual(): Json;
}

/** The cases of a file of stored values. */
export type MetricReader<File> = (file: File) => readonly MetricCase[];

/** A case's values without its inputs. */
export function without<T extends object>(value: T, inputs: readonly (keyof T)[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !inputs.includes(name as keyof T)));
}

/** Errors unless everything that is stored was computed, and nothing else, and the numbers agree. */
export function checkMetricCase({ name, expected, actual }: MetricCase): void {
  compare(name, actual(), expected);
}

function compare(path: string, actual: Json | undefined, expected: Json): void {
  if (typeof expected === "number" && typeof actual === "number") {
    try {
      expectClose(exactTensor([actual], []), exactTensor([expected], []), "golden");
    } catch (error) {
      throw new RelposError("metrics", `${path}: ${(error as Error).message}`);
    }
    return;
  }
  if (isParts(expected) && isParts(actual)) {
    const names = Object.keys(expected).sort();
    if (String(names) !== String(Object.keys(actual).sort())) {
      throw new RelposError("metrics", `${path} must have ${names}, got ${Object.keys(actual).sort()}`);
    }
    for (const part of names) compare(`${path}.${part}`, actual[part], expected[part]!);
    return;
  }
  if (actual !== expected) throw new RelposError("metrics", `${path} must be ${expected}, got ${actual}`);
}

function isParts(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null;
}
