import { check, equalShapes, type Graph, printShape, type Tensor } from "@relpos/core";
import type { OrtTensor } from "./backend.js";

/** A constant that a session gets as an initializer: a tensor that the service holds, or a place in a file. */
export type Placement =
  | { readonly tensor: number }
  | { readonly folder: string; readonly file: string; readonly offset: number };

/** Constants of a graph: what becomes part of its session, and what its runs are fed. */
export interface Constants {
  readonly placed: ReadonlyMap<Tensor, Placement>;
  readonly fed: ReadonlyMap<Tensor, OrtTensor>;
}

/**
 * Where files are mapped ONNX Runtime takes no constants from memory; they are fed. So are others where a run reads what it is fed
 * in place: a session would copy them. Weights in blocks are known to the session, which packs them.
 *
 * Errors for a constant of another type than its input, when files lie in several folders, and when a weight's blocks lie in a file
 * and their scales do not.
 */
export function placeConstants(
  graph: Graph,
  constants: ReadonlyMap<Tensor, OrtTensor>,
  feedsInPlace: boolean,
): Constants {
  const placed = new Map<Tensor, Placement>();
  const fed = new Map<Tensor, OrtTensor>();
  const products = graph.nodes.filter(({ op }) => op === "matMulNBits").map(({ inputs }) => inputs.slice(1, 3));
  const packed = new Set(products.flat());
  const mapped = [...constants.values()].flatMap(({ file }) => file ?? []);
  for (const [input, handle] of constants) {
    const { file, dtype, tensor, shape } = handle;
    check(dtype === input.dtype && equalShapes(shape, input.shape), "compile", () => {
      return `constant ${input.name ?? ""} must be ${input.dtype}${printShape(input.shape)}, got ${dtype}${printShape(shape)}`;
    });
    if (file) placed.set(input, file);
    else if (mapped.length > 0 || (feedsInPlace && !packed.has(input))) fed.set(input, handle);
    else placed.set(input, { tensor });
  }
  const folders = new Set(mapped.map(({ folder }) => folder));
  check(
    folders.size <= 1,
    "compile",
    () => `files of constants must lie in one folder, got ${[...folders].join(", ")}`,
  );
  for (const [data, scales] of products) {
    // ONNX Runtime packs blocks that it knows together with their scales, and computes zeros where it does not know those.
    const both = placed.has(data as Tensor) === placed.has(scales as Tensor);
    check(both, "compile", () => `blocks and scales must both be constants, got one: ${data?.name ?? ""}`);
  }
  return { placed, fed };
}
