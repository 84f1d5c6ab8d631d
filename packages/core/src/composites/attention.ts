import { check } from "../errors.js";
import { broadcastShapes } from "../primitives/infer.js";
import {
  add,
  concat,
  constant,
  div,
  expand,
  iota,
  less,
  lessOrEqual,
  logicalAnd,
  mul,
  reduceSum,
  reshape,
  slice,
  sub,
  tanh,
  where,
} from "../primitives/operations.js";
import { addDims, type Dim, equalDims, multiplyDims, printShape, subtractDims } from "../tensor/dimension.js";
import { lowestFinite } from "../tensor/dtype.js";
import type { Attributes } from "../tensor/node.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applyComposite, defineComposite } from "./composite.js";
import { scaledMatMul } from "./linear.js";
import { softmax } from "./softmax.js";

type AttentionAttributes = Attributes & {
  readonly causal: boolean;
  readonly window: number | undefined;
  readonly softcap: number | undefined;
  readonly scale: number;
};

/** softmax(scores)·values with its probabilities: [..., Q, K] and [..., K, D] → [..., Q, D] and [..., Q, K]. */
const attendComposite = defineComposite<Attributes>({
  name: "attend",
  infer: (inputs) => {
    const [scores, values] = inputs as readonly [TensorType, TensorType];
    const leading = broadcastShapes("attend", scores.shape.slice(0, -2), values.shape.slice(0, -2));
    return [
      { shape: [...leading, scores.shape.at(-2) as Dim, values.shape.at(-1) as Dim], dtype: scores.dtype },
      scores,
    ];
  },
  decompose: ([scores, values]) => {
    const probabilities = softmax(scores as Tensor);
    return [scaledMatMul(probabilities, values as Tensor), probabilities];
  },
  /**
   * dS = P·(dP − Σ P·dP) with dP = dO·Vᵀ: the row sum is Σ dO·O, taken on the output, which is smaller (FlashAttention,
   * arXiv:2205.14135). What flows to the probabilities themselves is added to dP.
   */
  vjp: ({ inputs: [, values], outputs: [output, probabilities], gradients: [g, direct] }) => {
    const [weights, gradient] = [probabilities as Tensor, g as Tensor | undefined];
    const toOutput = gradient && {
      forWeights: scaledMatMul(gradient, values as Tensor, { transposeRight: true }),
      rowSum: reduceSum(mul(gradient, output as Tensor), -1, { keepDims: true }),
    };
    const toWeights = direct && {
      forWeights: direct,
      rowSum: reduceSum(mul(direct, weights), -1, { keepDims: true }),
    };
    const parts = [toOutput, toWeights].filter((part) => part !== undefined);
    const forWeights = parts.map((part) => part.forWeights).reduce(add);
    const forScores = mul(weights, sub(forWeights, parts.map((part) => part.rowSum).reduce(add)));
    return [forScores, gradient && scaledMatMul(weights, gradient, { transposeLeft: true })];
  },
});

const attentionComposite = defineComposite<AttentionAttributes>({
  name: "attention",
  infer: (inputs, { causal, window }) => {
    const [query, key, value] = inputs as readonly [TensorType, TensorType, TensorType];
    const [bias, mask, pastKey, pastValue, filled] = inputs.slice(3);
    for (const input of [query, key, value]) {
      check(
        input.shape.length === 4,
        "attention",
        () => `query, key and value must be [B, H, S, D], got ${printShape(input.shape)}`,
      );
    }
    const [batch, heads, queries, size] = query.shape as readonly [Dim, Dim, Dim, Dim];
    const [, kvHeads, keys, keySize] = key.shape as readonly [Dim, Dim, Dim, Dim];
    check(typeof heads === "number" && typeof kvHeads === "number" && heads % kvHeads === 0, "attention", () => {
      return `key heads must divide query heads, got ${kvHeads} and ${heads}`;
    });
    check(
      equalDims(size, keySize),
      "attention",
      () => `query and key must agree in head size, got ${printShape(query.shape)} and ${printShape(key.shape)}`,
    );
    check(equalDims(keys, value.shape[2] as Dim) && equalDims(kvHeads, value.shape[1] as Dim), "attention", () => {
      return `key and value must agree in heads and length, got ${printShape(key.shape)} and ${printShape(value.shape)}`;
    });
    check(!pastKey === !pastValue, "attention", () => "past keys and past values come together");
    check(!filled || (!!pastKey && causal), "attention", () => {
      return "how much of the past is filled is said of a past, in causal attention";
    });
    check(window === undefined || window > 0, "attention", () => `window must be positive, got ${window}`);
    const length = pastKey ? addDims(pastKey.shape[2] as Dim, keys) : keys;
    const scores = [batch, heads, queries, length];
    for (const extra of [bias, mask]) {
      if (!extra) continue;
      const fits =
        extra.shape.length <= 4 &&
        broadcastShapes("attention", extra.shape, scores).every((dim, axis) => equalDims(dim, scores[axis] as Dim));
      check(
        fits,
        "attention",
        () => `bias and mask must broadcast to ${printShape(scores)}, got ${printShape(extra.shape)}`,
      );
    }
    const valueSize = value.shape[3] as Dim;
    return [
      { shape: [batch, heads, queries, valueSize], dtype: query.dtype },
      { shape: [batch, kvHeads, length, size], dtype: key.dtype },
      { shape: [batch, kvHeads, length, valueSize], dtype: value.dtype },
    ];
  },
  decompose: ([q, k, v, bias, mask, pastKey, pastValue, filled], { causal, window, softcap, scale }) => {
    const query = q as Tensor;
    const key = pastKey ? concat([pastKey, k as Tensor], 2) : (k as Tensor);
    const value = pastValue ? concat([pastValue, v as Tensor], 2) : (v as Tensor);
    if (pastKey && pastValue && filled) {
      const own = { query, key: k as Tensor, value: v as Tensor };
      const past = { key: pastKey, value: pastValue, length: filled };
      return [attendToFilled(own, past, { bias, mask, window, softcap, scale }), key, value];
    }
    const capped = groupedScores(query, key, scale, softcap);
    const [queries, keys] = [query.shape[2] as Dim, key.shape[2] as Dim];
    const visible = [mask, causal ? causalMask(queries, keys, window) : undefined].filter((x) => x !== undefined);
    const allowed = visible.length > 1 ? logicalAnd(visible[0] as Tensor, visible[1] as Tensor) : visible[0];
    const scores = addToScores(capped, bias, allowed);
    const groups = (query.shape[1] as number) / (value.shape[1] as number);
    return [attend(scores, repeatHeads(value, groups)).output, key, value];
  },
});

type Own = { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor };
type Past = NonNullable<AttentionOptions["past"]> & { readonly length: Tensor };

/**
 * Attention to a past of which only the first rows are filled. Products with the past and with the new keys are two parts of the
 * scores under one softmax, so that the past is read where it lies. Heads that share keys are rows of one product.
 */
function attendToFilled(
  { query, key, value }: Own,
  past: Past,
  { bias, mask, window, softcap, scale }: Omit<AttentionOptions, "past"> & { readonly scale: number },
): Tensor {
  const [batch, heads, length, size] = query.shape as readonly [Dim, number, Dim, number];
  const kvHeads = key.shape[1] as number;
  const rows = multiplyDims(heads / kvHeads, length);
  const capacity = past.key.shape[2] as Dim;
  const grouped = reshape(query, [batch, kvHeads, rows, size]);
  const products = (keys: Tensor): Tensor => {
    const scores = groupedScores(grouped, keys, scale, softcap);
    return reshape(scores, [batch, heads, length, keys.shape[2] as Dim]);
  };
  const scores = concat([products(past.key), products(key)], 3);
  const visible = visibleRows(past.length, capacity, length, window);
  const probabilities = softmax(addToScores(scores, bias, mask ? logicalAnd(visible, mask) : visible));
  const sums = (from: Dim, to: Dim, values: Tensor): Tensor => {
    const part = slice(probabilities, { 3: [from, to] });
    return scaledMatMul(reshape(part, [batch, kvHeads, rows, values.shape[2] as Dim]), values);
  };
  const summed = add(sums(0, capacity, past.value), sums(capacity, addDims(capacity, length), value));
  return reshape(summed, [batch, heads, length, value.shape[3] as Dim]);
}

/** Which of the past's rows and of the new tokens each new token sees, [B, 1, S, C + S]. */
function visibleRows(filled: Tensor, capacity: Dim, length: Dim, window: number | undefined): Tensor {
  const batch = filled.shape[0] as Dim;
  const start = reshape(filled, [batch, 1, 1, 1]);
  const query = add(start, iota([1, 1, length, 1], 2));
  const before = iota([1, 1, 1, capacity], 3);
  const own = add(start, iota([1, 1, 1, length], 3));
  const near = (key: Tensor): readonly Tensor[] => (window === undefined ? [] : [less(sub(query, key), window)]);
  const all = (conditions: readonly Tensor[], keys: Dim): Tensor =>
    expand(conditions.reduce(logicalAnd), [batch, 1, length, keys]);
  return concat(
    [all([less(before, start), ...near(before)], capacity), all([lessOrEqual(own, query), ...near(own)], length)],
    3,
  );
}

/** scale·q·kᵀ with grouped key heads, capped where asked for: [B, H, Q, D] and [B, Hkv, K, D] → [B, H, Q, K]. */
export function groupedScores(query: Tensor, key: Tensor, scale: number, softcap?: number): Tensor {
  const groups = (query.shape[1] as number) / (key.shape[1] as number);
  const products = scaledMatMul(query, repeatHeads(key, groups), { transposeRight: true, scale });
  return softcap === undefined ? products : mul(tanh(div(products, softcap)), softcap);
}

/** Scores plus bias, with what may not be seen at the lowest finite number. */
export function addToScores(scores: Tensor, bias: Tensor | undefined, allowed: Tensor | undefined): Tensor {
  const lowest = lowestFinite[scores.dtype as keyof typeof lowestFinite];
  if (!allowed) return bias ? add(scores, bias) : scores;
  return add(scores, where(allowed, bias ?? 0, constant(lowest, scores.dtype)));
}

/** Whether key j may be seen by query i: j ≤ i + (K − Q), and within the window of the last `window` keys. [Q, K]. */
export function causalMask(queries: Dim, keys: Dim, window?: number): Tensor {
  const own = slice(iota([keys, 1]), { 0: [subtractDims(keys, queries), keys] });
  const key = iota([1, keys], 1);
  const past = lessOrEqual(key, own);
  return window === undefined ? past : logicalAnd(past, less(sub(own, key), window));
}

/** [B, Hkv, S, D] → [B, Hkv·groups, S, D], each head `groups` times in a row. */
export function repeatHeads(x: Tensor, groups: number): Tensor {
  if (groups === 1) return x;
  const [batch, heads, length, size] = x.shape as readonly [Dim, number, Dim, Dim];
  const repeated = expand(reshape(x, [batch, heads, 1, length, size]), [batch, heads, groups, length, size]);
  return reshape(repeated, [batch, heads * groups, length, size]);
}

/** softmax(scores)·values, and the probabilities: [..., Q, K] and [..., K, D] → [..., Q, D] and [..., Q, K]. */
export function attend(scores: Tensor, values: Tensor): { readonly output: Tensor; readonly probabilities: Tensor } {
  const [output, probabilities] = applyComposite(attendComposite, [scores, values], {}) as readonly [Tensor, Tensor];
  return { output, probabilities };
}

export interface AttentionOptions {
  /** Added to the scaled scores; broadcasts to [B, H, Q, K]. */
  readonly bias?: Tensor | undefined;
  /** Which keys may be seen, bool; broadcasts to [B, H, Q, K]. A row that may see none attends evenly. */
  readonly mask?: Tensor | undefined;
  /**
   * Earlier keys and values [B, Hkv, P, D], put before the new ones. With `length`, int32 [B], only so many of each sequence's rows
   * are seen, those behind hold any finite numbers, and the first new key stands at position `length`.
   */
  readonly past?: { readonly key: Tensor; readonly value: Tensor; readonly length?: Tensor | undefined } | undefined;
  /** Whether query i sees keys j ≤ i + (K − Q) only. Default `false`. */
  readonly causal?: boolean | undefined;
  /** With `causal`: how many of the latest keys a query sees, its own included. Default: all. */
  readonly window?: number | undefined;
  /** c: scores become c·tanh(score/c), before the bias. Gemma 2, arXiv:2408.00118. Default: none. */
  readonly softcap?: number | undefined;
  /** Default 1/√D. */
  readonly scale?: number | undefined;
}

/**
 * softmax(scale·Q·Kᵀ + bias)·V with grouped key/value heads.
 *
 * query [B, H, Q, D], key [B, Hkv, K, D], value [B, Hkv, K, Dv] → output [B, H, Q, Dv], and the keys and values with the
 * past before them. Query head h uses key head ⌊h / (H/Hkv)⌋. Vaswani et al., arXiv:1706.03762; ONNX Attention-23.
 */
export function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): { readonly output: Tensor; readonly key: Tensor; readonly value: Tensor } {
  const size = query.shape.at(-1);
  check(typeof size === "number", "attention", () => `head size must be known, got ${printShape(query.shape)}`);
  const { bias, mask, past, causal = false, window, softcap, scale = 1 / Math.sqrt(size) } = options;
  check(window === undefined || causal, "attention", () => "a window needs causal attention");
  const inputs = [query, key, value, bias, mask, past?.key, past?.value, ...(past?.length ? [past.length] : [])];
  const [output, presentKey, presentValue] = applyComposite(attentionComposite, inputs, {
    causal,
    window,
    softcap,
    scale,
  });
  return { output: output as Tensor, key: presentKey as Tensor, value: presentValue as Tensor };
}
