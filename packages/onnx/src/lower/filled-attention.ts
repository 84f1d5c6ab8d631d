import { type Dim, printDim, tensor } from "@relpos/core";
import { branch, flag, float, int, ints, type OnnxValue } from "../model/model.js";
import type { LoweringContext } from "./context.js";
import { attributesOf, type Claim, type FusionCall, typeOf } from "./fusion.js";

interface FilledAttributes {
  readonly [key: string]: boolean | number | undefined;
  readonly window: number | undefined;
  readonly softcap: number | undefined;
  readonly scale: number;
}

/** Added to the scores of rows that are not filled. */
const hidden = -1.7014117331926443e38;

/**
 * Attention of any number of new tokens of one sequence to a past of which the first rows are filled: one session for prompts and for
 * single tokens, which holds the weights once.
 */
export const toFilled: Claim = (call) => {
  const [query, key, value] = [typeOf(call, 0), typeOf(call, 1), typeOf(call, 2)];
  const [bias, mask, , , filled] = call.inputs.slice(3);
  const [batch, , length, size] = query.shape;
  const { softcap } = attributesOf<FilledAttributes>(call);
  return (
    filled !== undefined &&
    query.dtype === "float32" &&
    batch === 1 &&
    typeof length !== "number" &&
    typeof size === "number" &&
    size % 8 === 0 &&
    key.shape[3] === size &&
    value.shape[3] === size &&
    !bias &&
    !mask &&
    softcap === undefined
  );
};

/**
 * An If on the number of new tokens. Of one, the products with the past and with the token itself are two parts of the scores, so that the
 * past is read where it lies. Of many, GroupQueryAttention gets the rows that are filled.
 */
export function lowerFilled(context: LoweringContext, call: FusionCall): string {
  const { shape } = typeOf(call, 0);
  const length = shape[2] as Dim;
  const isOne = context.once(`one ${printDim(length)}`, () => {
    return context.node("Equal", [context.size(length), context.int64([1])]);
  });
  const ofOne = oneToken(context, call);
  const ofMany = manyTokens(context, call);
  const output = (name: string, own: Dim): OnnxValue => ({
    name,
    type: "float32",
    shape: shape.map((size, axis) => (axis === 2 ? printed(own) : printed(size))),
  });
  const attributes = {
    then_branch: branch(context.branch(() => output(ofOne(), 1))),
    else_branch: branch(context.branch(() => output(ofMany(), length))),
  };
  return context.node("If", [isOne], attributes);
}

const printed = (size: Dim): number | string => (typeof size === "number" ? size : printDim(size));

/** The sizes of a call, and what of its inputs both branches read. */
function partsOf(call: FusionCall) {
  const [query, key, value, , , pastKey, pastValue, filled] = call.values as readonly string[];
  const [, heads, length, size] = typeOf(call, 0).shape as readonly [Dim, number, Dim, number];
  const kvHeads = typeOf(call, 1).shape[1] as number;
  const capacity = typeOf(call, 5).shape[2] as Dim;
  return { query, key, value, pastKey, pastValue, filled: filled as string, heads, kvHeads, length, size, capacity };
}

/** Makes what a single token's branch shares with other layers; the function then makes the branch. */
function oneToken(context: LoweringContext, call: FusionCall): () => string {
  const { query, key, value, pastKey, pastValue, filled, heads, kvHeads, size, capacity } = partsOf(call);
  const { window, scale } = attributesOf<FilledAttributes>(call);
  const groups = heads / kvHeads;
  const mask = visibleColumns(context, filled, capacity, window);
  const parts = context.once(`parts ${printDim(capacity)}`, () => {
    return context.node("Concat", [context.size(capacity), context.int64([1])], { axis: int(0) });
  });
  return () => {
    const grouped = context.node("Reshape", [query, context.int64([1, kvHeads, groups, size])]);
    const attributes = { transA: flag(false), transB: flag(true), alpha: float(scale) };
    const product = (left: string | undefined, right: string | undefined): string =>
      context.node("FusedMatMul", [left, right], attributes, "com.microsoft");
    const before = context.node("Transpose", [product(pastKey, grouped)], { perm: ints([0, 1, 3, 2]) });
    const scores = context.node("Concat", [before, product(grouped, key)], { axis: int(3) });
    const weights = context.node("Softmax", [context.node("Add", [scores, mask])], { axis: int(3) });
    const [ofPast, ofOwn] = context.outputs("Split", [weights, parts], [true, true], { axis: int(3) }) as [
      string,
      string,
    ];
    const rows = context.node("MatMul", [
      context.node("Unsqueeze", [ofPast, context.int64([3])]),
      context.node("Unsqueeze", [pastValue, context.int64([2])]),
    ]);
    const own = context.node("Mul", [ofOwn, value]);
    const sum = context.node("Add", [context.node("Squeeze", [rows, context.int64([3])]), own]);
    return context.node("Reshape", [sum, context.int64([1, heads, 1, size])]);
  };
}

/** Zeros for the columns that a single token sees, [C + 1]: the rows that are filled, within the window, and its own behind them all. */
function visibleColumns(context: LoweringContext, filled: string, capacity: Dim, window: number | undefined): string {
  return context.once(`visible ${filled} ${printDim(capacity)} ${window}`, () => {
    const count = context.cast(filled, "int32");
    const column = context.cast(context.range(0, capacity), "int32");
    const before = context.node("Less", [column, count]);
    const seen =
      window === undefined
        ? before
        : context.node("And", [
            before,
            context.node("Less", [context.node("Sub", [count, column]), context.scalar(window, "int32")]),
          ]);
    const zero = context.constant(tensor([0], [1], "float32"));
    const columns = context.node("Where", [seen, zero, context.constant(tensor([hidden], [1], "float32"))]);
    return context.node("Concat", [columns, zero], { axis: int(0) });
  });
}

/** The same for the branch of many tokens. */
function manyTokens(context: LoweringContext, call: FusionCall): () => string {
  const { query, key, value, pastKey, pastValue, filled, heads, kvHeads, length, size } = partsOf(call);
  const { window, scale } = attributesOf<FilledAttributes>(call);
  const end = context.once(`end ${filled}`, () => context.node("Cast", [filled], { to: int(7) }));
  const total = context.once(`total ${filled}`, () => {
    return context.node("Add", [filled, context.cast(context.size(length), "int32")]);
  });
  const last = context.once(`last ${filled}`, () => {
    return context.node("Sub", [total, context.constant(tensor([1], [1], "int32"))]);
  });
  const attributes = {
    num_heads: int(heads),
    kv_num_heads: int(kvHeads),
    scale: float(scale),
    ...(window === undefined ? {} : { local_window_size: int(window) }),
  };
  return () => {
    const flat = (x: string | undefined, count: number): string =>
      context.node("Reshape", [
        context.node("Transpose", [x], { perm: ints([0, 2, 1, 3]) }),
        context.int64([0, 0, count * size]),
      ]);
    const rows = (past: string | undefined): string =>
      context.node("Slice", [past, context.int64([0]), end, context.int64([2])]);
    const [output] = context.outputs(
      "GroupQueryAttention",
      [flat(query, heads), flat(key, kvHeads), flat(value, kvHeads), rows(pastKey), rows(pastValue), last, total],
      [true, true, true],
      attributes,
      "com.microsoft",
    );
    const split = context.node("Reshape", [output, context.int64([0, 0, heads, size])]);
    return context.node("Transpose", [split], { perm: ints([0, 2, 1, 3]) });
  };
}
