import { check, type Dim, equalDims, type Graph, multiplyDims, printDim, type Tensor } from "@relpos/core";
import { bareName } from "@relpos/core/backend";
import { int } from "../model/model.js";
import type { Builder } from "./builder.js";

/** Turns sizes into 64-bit integer values of the model; named ones are read from the shapes of the inputs. */
export interface Sizes {
  /** The size as a vector of one element. */
  size(dim: Dim): string;
  /** The sizes as a vector. */
  sizes(dims: readonly Dim[]): string;
  /** The 64-bit integers start ≤ i < end, as a vector. */
  range(start: Dim, end: Dim): string;
}

/** Sizes of a graph's named dimensions, each computed once. */
export function createSizes(builder: Builder, graph: Graph, nameOf: (input: Tensor) => string): Sizes {
  const sources = findSources(graph);
  const remember = (key: string, make: () => string): string => builder.once(`sizes ${key}`, make);
  const readName = (name: string): string =>
    remember(name, () => {
      const source = sources.get(name);
      check(source, "lower", () => `a named size must be the size of an input, got "${name}"`);
      const { input, axis } = source;
      return builder.node("Shape", [nameOf(input)], { start: int(axis), end: int(axis + 1) });
    });
  const term = (key: string, coefficient: number): string => {
    const factors = key === "" ? [] : key.split("*").map(readName);
    const scale = coefficient === 1 && factors.length > 0 ? [] : [builder.int64([coefficient])];
    return [...factors, ...scale].reduce((left, right) => builder.node("Mul", [left, right]));
  };
  const size = (dim: Dim): string => {
    if (typeof dim === "number") return builder.int64([dim]);
    return remember(printDim(dim), () => {
      return [...dim.terms]
        .map(([key, value]) => term(key, value))
        .reduce((left, right) => builder.node("Add", [left, right]));
    });
  };
  const sizes = (dims: readonly Dim[]): string => {
    if (dims.every((dim) => typeof dim === "number")) return builder.int64(dims);
    if (dims.length === 1) return size(dims[0] as Dim);
    return remember(dims.map(printDim).join(", "), () =>
      builder.node("Concat", groupNumbers(dims, builder, size), { axis: int(0) }),
    );
  };
  const scalar = (dim: Dim): string => builder.node("Squeeze", [size(dim)]);
  const range = (start: Dim, end: Dim): string => builder.node("Range", [scalar(start), scalar(end), scalar(1)]);
  return { size, sizes, range };
}

/** Pieces whose concatenation is the vector of sizes; neighbouring numbers are one piece. */
function groupNumbers(dims: readonly Dim[], builder: Builder, size: (dim: Dim) => string): readonly string[] {
  const pieces: string[] = [];
  let numbers: number[] = [];
  const flush = () => {
    if (numbers.length > 0) pieces.push(builder.int64(numbers));
    numbers = [];
  };
  for (const dim of dims) {
    if (typeof dim === "number") numbers.push(dim);
    else {
      flush();
      pieces.push(size(dim));
    }
  }
  flush();
  return pieces;
}

/** For each named dimension, an input and the axis that has it as its size. */
function findSources(graph: Graph): ReadonlyMap<string, { readonly input: Tensor; readonly axis: number }> {
  const sources = new Map<string, { input: Tensor; axis: number }>();
  for (const input of graph.inputs) {
    input.shape.forEach((dim, axis) => {
      const name = bareName(dim);
      if (name !== undefined && !sources.has(name)) sources.set(name, { input, axis });
    });
  }
  return sources;
}

/**
 * The target of a Reshape without computing sizes: 0 copies the input's size on that axis, −1 stands for what remains.
 * Undefined where the sizes have to be computed.
 */
export function reshapePattern(from: readonly Dim[], to: readonly Dim[]): readonly number[] | undefined {
  if (to.every((dim) => typeof dim === "number")) return to;
  const pattern = to.map((dim, axis) => {
    if (typeof dim === "number") return dim;
    return axis < from.length && equalDims(dim, from[axis] as Dim) ? 0 : -1;
  });
  const zeros = to.some((dim) => dim === 0);
  const unknown = pattern.filter((size) => size === -1).length;
  const copies = pattern.filter((size) => size === 0).length;
  return !zeros && (unknown === 0 || (unknown === 1 && copies === 0)) ? pattern : undefined;
}

/** Rows of a tensor whose last axis stays: the product of its other sizes. */
export function rowsOf(shape: readonly Dim[]): Dim {
  return shape.slice(0, -1).reduce<Dim>(multiplyDims, 1);
}
