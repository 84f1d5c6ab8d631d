import type { HostTensor, Tensor } from "@relpos/core";
import { printShapes } from "../print-shapes.js";
import { gaussian } from "../random-tensors.js";
import type { NamedGradientCase } from "./gradient-case.js";

/** A case named by its shapes, and by what else tells it apart. */
export function of(
  f: (...tensors: readonly never[]) => Tensor,
  inputs: readonly HostTensor[],
  attributes = "",
): NamedGradientCase {
  const details = [printShapes(inputs.map(({ shape }) => shape)), attributes].filter(Boolean).join(" ");
  return { details, f: f as NamedGradientCase["f"], inputs };
}

/** A function of one tensor, with a matrix and with more axes around it. */
export function one(f: (x: Tensor) => Tensor, attributes = "", input = gaussian([2, 3])): NamedGradientCase[] {
  return [of(f, [input], attributes), of(f, [{ ...input, shape: [1, ...input.shape, 1] }], attributes)];
}
