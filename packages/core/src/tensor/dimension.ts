import { check } from "../errors.js";

/**
 * A size that is known only when the graph runs: a polynomial with integer coefficients over named dimensions, kept in
 * one canonical form, so that equal expressions print equally. Key: sorted names joined by `*` ("" for the constant
 * term); value: the coefficient, never 0.
 */
export interface DimExpr {
  readonly terms: ReadonlyMap<string, number>;
}

/** A size: a number, or an expression over named dimensions. */
export type Dim = number | DimExpr;

/** Values of the named dimensions in one run. */
export type DimBindings = ReadonlyMap<string, number>;

/** A named dimension, such as `dimension("batch")`. */
export function dimension(name: string): DimExpr {
  check(/^[A-Za-z_]\w*$/.test(name), "dimension", () => `a name is a letter, then letters and digits, got "${name}"`);
  return { terms: new Map([[name, 1]]) };
}

/** a + b. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const sum = new Map(termsOf(a));
  for (const [key, coefficient] of termsOf(b)) accumulate(sum, key, coefficient);
  return canonical(sum);
}

/** a − b. */
export function subtractDims(a: Dim, b: Dim): Dim {
  return addDims(a, multiplyDims(b, -1));
}

/** a × b. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const product = new Map<string, number>();
  for (const [left, x] of termsOf(a)) {
    for (const [right, y] of termsOf(b)) {
      const names = [...factors(left), ...factors(right)].sort();
      accumulate(product, names.join("*"), x * y);
    }
  }
  return canonical(product);
}

/** Product of all sizes: the number of elements. */
export function productOfDims(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>(multiplyDims, 1);
}

/** Whether two sizes are equal for every value of their names. */
export function equalDims(a: Dim, b: Dim): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.terms.size === b.terms.size && [...a.terms].every(([key, value]) => b.terms.get(key) === value);
}

/** Whether two shapes are equal for every value of their names. */
export function equalShapes(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => equalDims(dim, b[axis] as Dim));
}

/** The size as a number. Errors when a name has no value. */
export function evaluateDim(dim: Dim, bindings: DimBindings): number {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const [key, coefficient] of dim.terms) {
    let product = coefficient;
    for (const name of factors(key)) {
      const value = bindings.get(name);
      check(value !== undefined, "evaluateDim", () => `dimension "${name}" has no value in this run`);
      product *= value;
    }
    sum += product;
  }
  return sum;
}

/** `2*batch*sequence + past`, the form in which graphs print and ONNX names dimensions. */
export function printDim(dim: Dim): string {
  if (typeof dim === "number") return String(dim);
  return [...dim.terms]
    .map(([key, value]) => (key === "" ? String(value) : value === 1 ? key : `${value}*${key}`))
    .join(" + ");
}

/** `[batch, 4, 16]`. */
export function printShape(shape: readonly Dim[]): string {
  return `[${shape.map(printDim).join(", ")}]`;
}

/** The name of a bare named dimension, or undefined for numbers and compound expressions. */
export function bareName(dim: Dim): string | undefined {
  if (typeof dim === "number" || dim.terms.size !== 1) return undefined;
  const [[key, coefficient]] = [...dim.terms] as [[string, number]];
  return coefficient === 1 && key !== "" && !key.includes("*") ? key : undefined;
}

function termsOf(dim: Dim): ReadonlyMap<string, number> {
  return typeof dim === "number" ? new Map(dim === 0 ? [] : [["", dim]]) : dim.terms;
}

function factors(key: string): readonly string[] {
  return key === "" ? [] : key.split("*");
}

function accumulate(terms: Map<string, number>, key: string, coefficient: number): void {
  const sum = (terms.get(key) ?? 0) + coefficient;
  if (sum === 0) terms.delete(key);
  else terms.set(key, sum);
}

function canonical(terms: Map<string, number>): Dim {
  if (terms.size === 0) return 0;
  if (terms.size === 1 && terms.has("")) return terms.get("") as number;
  return { terms: new Map([...terms].sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1))) };
}
