import { productOfDims, tensor } from "@relpos/core";
import type { LoweringContext } from "./context.js";

/** The sum over leading axes as a product with a row of ones: on CPU ReduceSum is several times slower there. */
export function leadingSum(
  context: LoweringContext,
  value: string | undefined,
  leading: readonly number[],
  kept: readonly number[],
): string {
  const rows = productOfDims(leading) as number;
  const table = context.node("Reshape", [value, context.int64([rows, productOfDims(kept) as number])]);
  const ones = context.constant(tensor(new Float32Array(rows).fill(1), [1, rows]));
  return context.node("Reshape", [context.node("MatMul", [ones, table]), context.sizes(kept)]);
}
