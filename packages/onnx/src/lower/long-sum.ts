import { productOfDims, type TensorType } from "@relpos/core";
import { flag } from "../model/model.js";
import type { LoweringContext, PrimitiveCall } from "./context.js";

/** Numbers from which on a sum is long: added one after another in float32, they lose digits. */
const longSum = 1024;

/** A sum over the last axes, whose sizes are known, that is long and can be made in pieces of equal length. */
export function longSumOf({ types, attributes: { axes } }: PrimitiveCall<"reduceSum">): LongSum | undefined {
  const { shape, dtype } = types[0] as TensorType;
  const kept = shape.length - axes.length;
  const known = shape.every((size) => typeof size === "number" && size > 0);
  if (dtype !== "float32" || !known || !axes.every((axis) => axis >= kept)) return undefined;
  const length = productOfDims(shape.slice(kept)) as number;
  const piece = length < longSum ? 1 : divisorBelow(Math.sqrt(length), length);
  return piece === 1
    ? undefined
    : { rows: productOfDims(shape.slice(0, kept)) as number, pieces: length / piece, piece };
}

interface LongSum {
  readonly rows: number;
  readonly pieces: number;
  readonly piece: number;
}

/** The sums of the pieces, and their sum: the rounding errors of both are small. */
export function sumOfPieces(
  context: LoweringContext,
  { inputs, output }: PrimitiveCall<"reduceSum">,
  { rows, pieces, piece }: LongSum,
): string {
  const parts = context.node("Reshape", [inputs[0], context.int64([rows, pieces, piece])]);
  const overLast = (x: string) => context.node("ReduceSum", [x, context.int64([-1])], { keepdims: flag(false) });
  return context.node("Reshape", [overLast(overLast(parts)), context.sizes(output.shape)]);
}

/** The largest divisor of a number that is at most the limit. */
function divisorBelow(limit: number, number: number): number {
  for (let divisor = Math.floor(limit); divisor > 1; divisor--) if (number % divisor === 0) return divisor;
  return 1;
}
