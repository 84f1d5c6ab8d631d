import type { Dim } from "@relpos/core";
import { flag, float, ints } from "../model/model.js";
import type { LoweringContext } from "./context.js";
import { type FusionCall, typeOf } from "./fusion.js";

/** A product of so few rows reads its right operand once, and takes as long as that. */
const few = 8;

/** From so many columns, or terms of a sum, on. */
const long = 256;

interface ProductAttributes {
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly scale: number;
}

/**
 * A batch of products of few rows with something long, as attention of new tokens to a cache has them, the way ONNX Runtime
 * reads the long side fastest on CPU; `undefined` for other products. With 3 rows and 3,584 keys of size 64: q·Kᵀ as the
 * transpose of K·qᵀ takes 0.7 of the time, p·V row by row 0.75.
 */
export function fewRows(
  context: LoweringContext,
  call: FusionCall,
  { transposeLeft, transposeRight, scale }: ProductAttributes,
): string | undefined {
  const [left, right] = [typeOf(call, 0), typeOf(call, 1)];
  const rank = left.shape.length;
  const rows = left.shape[rank - 2] as Dim;
  const isFew = typeof rows === "number" && rows > 0 && rows <= few;
  if (context.provider !== "cpu" || transposeLeft || !isFew || rank < 3 || right.shape.length !== rank)
    return undefined;
  if (!isLong(right.shape[rank - 2] as Dim)) return undefined;
  const [leftValue, rightValue] = call.values as readonly [string, string];
  if (transposeRight) {
    const attributes = { transA: flag(false), transB: flag(true), alpha: float(scale) };
    const columns = context.node("FusedMatMul", [rightValue, leftValue], attributes, "com.microsoft");
    const axes = left.shape.map((_, axis) => axis);
    return context.node("Transpose", [columns], { perm: ints([...axes.slice(0, -2), rank - 1, rank - 2]) });
  }
  if (scale !== 1 || rows === 1) return undefined;
  const products = context.node("MatMul", [
    context.node("Unsqueeze", [leftValue, context.int64([rank - 1])]),
    context.node("Unsqueeze", [rightValue, context.int64([rank - 2])]),
  ]);
  return context.node("Squeeze", [products, context.int64([rank - 1])]);
}

const isLong = (size: Dim): boolean => typeof size !== "number" || size >= long;
