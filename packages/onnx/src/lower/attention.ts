import { type Dim, equalDims, equalShapes, subtractDims, type TensorType, tensor } from "@relpos/core";
import type { CompositeCall } from "@relpos/core/backend";
import { flag, float, int, ints } from "../model/model.js";
import type { LoweringContext } from "./context.js";
import { lowerFilled, toFilled } from "./filled-attention.js";
import { attributesOf, type Claim, type Fusion, type FusionCall, never, ofType, typeOf } from "./fusion.js";

interface AttentionAttributes {
  readonly [key: string]: boolean | number | undefined;
  readonly causal: boolean;
  readonly window: number | undefined;
  readonly softcap: number | undefined;
  readonly scale: number;
}

/**
 * What is added to the scores of hidden keys. It is half of the lowest finite number: Attention makes zeros of rows that
 * are all at the lowest, where the composite attends evenly.
 */
const hidden = -1.7014117331926443e38;

/** From so many queries on, GroupQueryAttention is faster than Attention on CPU: it never holds all the scores. */
const longSequence = 512;

/** The standard Attention-23 takes any bias or mask, a softcap, past keys and values. */
const standard: Claim = ofType("float32");

/**
 * com.microsoft GroupQueryAttention: causal self-attention, with a window too; a bias, but no mask. Heads are padded to
 * the one size that it wants for all, a multiple of 8, where there is no past that would have to be padded as well.
 */
const grouped: Claim = (call) => {
  const { causal } = attributesOf<AttentionAttributes>(call);
  const [query, key, value, bias, mask, past] = call.inputs as readonly TensorType[];
  if (query?.dtype !== "float32" || !causal || mask) return false;
  const [batch, , length, size] = query.shape as readonly [Dim, Dim, Dim, Dim];
  const valueSize = value?.shape[3] as Dim;
  if (typeof size !== "number" || typeof valueSize !== "number") return false;
  const pastFits =
    !past || ((batch === 1 || length === 1) && size === valueSize && size === paddedSize(size, valueSize));
  return seesItself(query, key as TensorType) && pastFits && (!bias || coversScores(bias, call));
};

/** The smallest multiple of 8 that holds the heads of queries, keys and values. */
const paddedSize = (size: number, valueSize: number): number => Math.ceil(Math.max(size, valueSize) / 8) * 8;

/** Whether there are as many new keys as queries, so that every query sees at least itself. */
function seesItself(query: TensorType, key: TensorType): boolean {
  return equalDims(query.shape[2] as Dim, key.shape[2] as Dim);
}

/** Whether a bias has the scores' last two sizes; batch and heads may be 1. */
function coversScores(bias: TensorType, call: CompositeCall): boolean {
  const keys = (call.outputs[1] as TensorType).shape[2] as Dim;
  const [, , rows, columns] = bias.shape;
  return (
    bias.shape.length === 4 &&
    equalDims(rows as Dim, typeOf(call, 0).shape[2] as Dim) &&
    equalDims(columns as Dim, keys)
  );
}

const isLong: Claim = (call) => {
  const length = typeOf(call, 0).shape[2] as Dim;
  return typeof length !== "number" || length >= longSequence;
};

/** Of a past of which all rows are filled. */
const isFull: Claim = ({ inputs }) => inputs[7] === undefined;

/** By GroupQueryAttention where it is faster and can, otherwise by the standard operation. */
export const attention: Fusion = {
  supports: { cpu: (call) => (isFull(call) ? standard(call) : toFilled(call)), webgpu: never, cuda: never },
  lower: (context, call) => {
    if (!isFull(call)) return [lowerFilled(context, call), ...withPast(context, call)];
    return isLong(call) && grouped(call) ? lowerGrouped(context, call) : lowerStandard(context, call);
  },
};

/** Keys and values with the past before them, which hardly anybody needs. */
const withPast = (context: LoweringContext, { values, needed }: FusionCall): readonly string[] =>
  [1, 2].map((index) =>
    needed[index] ? context.node("Concat", [values[index + 4], values[index]], { axis: int(2) }) : "",
  );

function lowerStandard(context: LoweringContext, call: FusionCall): readonly string[] {
  const { causal, softcap, scale } = attributesOf<AttentionAttributes>(call);
  const [query, key, value, , , pastKey, pastValue] = call.values;
  const attributes = {
    is_causal: flag(causal && !causalByMask(call)),
    scale: float(scale),
    ...(softcap === undefined ? {} : { softcap: float(softcap) }),
  };
  const inputs = [query, key, value, combineMasks(context, call), pastKey, pastValue];
  const [output, ...present] = context.outputs(
    "Attention",
    inputs,
    [true, pastKey !== undefined, pastKey !== undefined],
    attributes,
  );
  return pastKey ? [output as string, ...present] : [output as string, key as string, value as string];
}

/** What Attention adds to the scores: the bias, and very low numbers where a key is hidden. */
function combineMasks(context: LoweringContext, call: FusionCall): string | undefined {
  const [, , , bias, mask] = call.values;
  const [biasType, maskType] = call.inputs.slice(3);
  const causal = causalByMask(call) ? causalMask(context, call) : undefined;
  const visible = mask && causal ? context.node("And", [mask, causal]) : (mask ?? causal);
  if (!visible) return overScores(context, call, bias, biasType);
  const added = context.node("Where", [
    visible,
    bias ?? context.scalar(0, "float32"),
    context.scalar(hidden, "float32"),
  ]);
  return overScores(context, call, added, bias || causal ? undefined : maskType);
}

/** Whether the causal mask has to be made: Attention has no window, and does not know which rows a mask leaves empty. */
function causalByMask(call: CompositeCall): boolean {
  const { causal, window } = attributesOf<AttentionAttributes>(call);
  return (
    causal && (window !== undefined || call.inputs[4] !== undefined || !seesItself(typeOf(call, 0), typeOf(call, 1)))
  );
}

/** Whether key j may be seen by query i, [Q, K]: 0 ≤ i + (K − Q) − j, and less than the window. */
function causalMask(context: LoweringContext, call: FusionCall): string {
  const { window } = attributesOf<AttentionAttributes>(call);
  const [queries, keys] = scoreSizes(call);
  const query = context.node("Unsqueeze", [context.range(subtractDims(keys, queries), keys), context.int64([1])]);
  const distance = context.node("Sub", [query, context.range(0, keys)]);
  const past = context.node("LessOrEqual", [context.int64([0]), distance]);
  return window === undefined
    ? past
    : context.node("And", [past, context.node("Less", [distance, context.int64([window])])]);
}

const scoreSizes = (call: CompositeCall): readonly [Dim, Dim] => [
  typeOf(call, 0).shape[2] as Dim,
  (call.outputs[1] as TensorType).shape[2] as Dim,
];

/** The mask with four axes, the last two as long as the scores': Attention broadcasts over batch and heads only. */
function overScores(
  context: LoweringContext,
  call: FusionCall,
  mask: string | undefined,
  type: TensorType | undefined,
): string | undefined {
  const scores = scoreSizes(call);
  if (!mask || (type?.shape.length === 4 && equalShapes(type.shape.slice(2), scores))) return mask;
  return context.node("Expand", [mask, context.sizes([1, 1, ...scores])]);
}

/** The size as a vector of one element: as a constant where it is known, since shapes are inferred from that. */
function int32(context: LoweringContext, size: Dim): string {
  return typeof size === "number"
    ? context.constant(tensor([size], [1], "int32"))
    : context.cast(context.size(size), "int32");
}

const swapHeads = { perm: ints([0, 2, 1, 3]) };

function lowerGrouped(context: LoweringContext, call: FusionCall): readonly string[] {
  const { window, softcap, scale } = attributesOf<AttentionAttributes>(call);
  const [query, key, value, bias, , pastKey, pastValue] = call.values as readonly string[];
  const [batch, heads, , size] = typeOf(call, 0).shape as readonly [Dim, number, Dim, number];
  const kvHeads = typeOf(call, 1).shape[1] as number;
  const total = (call.outputs[1] as TensorType).shape[2] as Dim;
  const valueSize = typeOf(call, 2).shape[3] as number;
  const padded = paddedSize(size, valueSize);
  const flat = (x: string | undefined, count: number, own: number) => {
    const wide = own === padded ? x : context.node("Pad", [x, context.int64([0, 0, 0, 0, 0, 0, 0, padded - own])]);
    return context.node("Reshape", [
      context.node("Transpose", [wide], swapHeads),
      context.int64([0, 0, count * padded]),
    ]);
  };
  const narrow = (x: string | undefined, own: number): string => {
    if (own === padded) return x as string;
    return context.node("Slice", [x, context.int64([0]), context.int64([own]), context.int64([3])]);
  };
  const attributes = {
    num_heads: int(heads),
    kv_num_heads: int(kvHeads),
    scale: float(scale),
    ...(window === undefined ? {} : { local_window_size: int(window) }),
    ...(softcap === undefined ? {} : { softcap: float(softcap) }),
  };
  const last = int32(context, subtractDims(total, 1));
  const lengths = context.node("Expand", [last, context.sizes([batch])]);
  const all = int32(context, total);
  const inputs = [
    flat(query, heads, size),
    flat(key, kvHeads, size),
    flat(value, kvHeads, valueSize),
    pastKey,
    pastValue,
    lengths,
    all,
    "",
    "",
    "",
    bias,
  ];
  const [rows, presentKey, presentValue] = context.outputs(
    "GroupQueryAttention",
    inputs,
    [true, true, true],
    attributes,
    "com.microsoft",
  );
  const split = context.node("Reshape", [rows, context.int64([0, 0, heads, padded])]);
  const output = narrow(context.node("Transpose", [split], swapHeads), valueSize);
  return [output, narrow(presentKey, size), narrow(presentValue, valueSize)];
}
