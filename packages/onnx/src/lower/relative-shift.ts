import { elementCount, tensor } from "@relpos/core";
import { int } from "../model/model.js";
import type { LoweringContext } from "./context.js";
import { type Claim, type Fusion, never, typeOf } from "./fusion.js";

/** Blocks of fewer elements are not worth the moving. */
const smallestBlock = 16;

/** Blocks along diagonals divide it: of copies shifted against one another there are as many as elements in a block. */
const shifts = 32;

/** Rows that begin at multiples of a block: Slice copies on one thread, Gather moves blocks on all. */
const inBlocks =
  (...others: readonly number[]): Claim =>
  ({ inputs: [input], outputs: [output] }) => {
    const known = input?.shape.every((size) => typeof size === "number" && size > 0) ?? false;
    const sizes = [...(output?.shape.slice(-2) ?? []), ...others] as readonly number[];
    return known && input?.dtype === "float32" && sizes.reduce(commonDivisor) >= smallestBlock;
  };

const onCpu = (claim: Claim): Fusion["supports"] => ({ cpu: claim, webgpu: never, cuda: never });

/** Row i of the result is row i of the input from element Q − i on: K of them at i·(Q + K) + Q in the whole. */
export const relativeShift: Fusion = {
  supports: onCpu(inBlocks()),
  lower: (context, call) => {
    const shape = call.outputs[0]?.shape as readonly number[];
    const [queries, keys] = shape.slice(-2) as [number, number];
    const block = commonDivisor(queries, keys);
    const starts = Array.from({ length: queries }, (_, i) => (i * (queries + keys) + queries) / block);
    const matrices = elementCount(shape.slice(0, -2));
    const blocks = context.int64([matrices, (queries * (queries + keys + 1)) / block, block]);
    return [gatherRows(context, context.node("Reshape", [call.values[0], blocks]), starts, { shape, block })];
  },
};

/**
 * Row i of the result is the input from element Q − i on. A few copies of the input, each shifted by one element more,
 * hold all these rows at the beginning of some block.
 */
export const alongDiagonals: Fusion = {
  supports: onCpu(inBlocks(shifts)),
  lower: (context, call) => {
    const shape = call.outputs[0]?.shape as readonly number[];
    const [queries, keys] = shape.slice(-2) as [number, number];
    const block = commonDivisor(commonDivisor(queries, keys), shifts);
    const columns = typeOf(call, 0).shape.at(-1) as number;
    const matrices = elementCount(shape.slice(0, -2));
    const row = context.node("Reshape", [call.values[0], context.int64([matrices, 1, columns])]);
    const repeated = context.node("Expand", [row, context.int64([matrices, block + 1, columns])]);
    const flat = context.node("Reshape", [repeated, context.int64([matrices, (block + 1) * columns])]);
    const shifted = context.node("Reshape", [
      firstOf(context, flat, block * (columns + 1), 1),
      context.int64([matrices, block, columns + 1]),
    ]);
    const copies = firstOf(context, shifted, queries + keys, 2);
    const blocks = context.node("Reshape", [copies, context.int64([matrices, queries + keys, block])]);
    const blocksOfCopy = (queries + keys) / block;
    const starts = Array.from({ length: queries }, (_, i) => {
      return ((queries - i) % block) * blocksOfCopy + Math.floor((queries - i) / block);
    });
    return [gatherRows(context, blocks, starts, { shape, block })];
  },
};

/** Rows of K elements, each K/block blocks in a row from its start on: [n, blocks, block] → `shape`. */
function gatherRows(
  context: LoweringContext,
  blocks: string,
  starts: readonly number[],
  { shape, block }: { readonly shape: readonly number[]; readonly block: number },
): string {
  const perRow = (shape.at(-1) as number) / block;
  const indices = Int32Array.from({ length: starts.length * perRow }, (_, n) => {
    return (starts[Math.floor(n / perRow)] as number) + (n % perRow);
  });
  const rows = context.constant(tensor(indices, [indices.length], "int32"));
  return context.node("Reshape", [context.node("Gather", [blocks, rows], { axis: int(1) }), context.int64(shape)]);
}

function firstOf(context: LoweringContext, x: string, count: number, axis: number): string {
  return context.node("Slice", [x, context.int64([0]), context.int64([count]), context.int64([axis])]);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
