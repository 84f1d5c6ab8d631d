import {
  add,
  attention,
  constant,
  type Dim,
  expand,
  iota,
  less,
  lessOrEqual,
  logicalAnd,
  matMul,
  pad,
  reshape,
  type Tensor,
  where,
} from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";
import { encodedAttention } from "@relpos/core/nn";
import type { Call, Operations } from "../call.js";
import { joinHeads, splitHeads } from "./heads.js";

/** What both forms of attention need. */
interface Operands {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly scale: number;
  readonly softcap: number | undefined;
  readonly bias: Tensor | undefined;
  readonly mask: Tensor | undefined;
  readonly past: { readonly key: Tensor; readonly value: Tensor } | undefined;
  readonly causal: boolean;
}

function operandsOf(call: Call): Operands {
  const split = (index: number, heads: number) => {
    const x = call.tensor(index);
    call.require(x.rank === 4 || heads > 0, "tensors [B, S, width] without a number of heads");
    return x.rank === 4 ? x : splitHeads(x, heads);
  };
  const query = split(0, call.int("q_num_heads", 0));
  const [key, value] = [1, 2].map((index) => split(index, call.int("kv_num_heads", 0))) as [Tensor, Tensor];
  const [pastKey, pastValue] = [call.optional(4), call.optional(5)];
  const past = pastKey && pastValue ? { key: pastKey, value: pastValue } : undefined;
  const [queries, keys] = [query.shape[2] as number, key.shape[2] as number];
  const before = past ? (past.key.shape[2] as number) : 0;
  const softcap = call.float("softcap") || undefined;
  const causal = call.int("is_causal", 0) === 1;
  const given = call.optional(3);
  const masks = [
    given?.dtype === "bool" ? given : undefined,
    call.optional(6) && shorterThan(call.optional(6) as Tensor, before + keys),
    causal && queries !== keys ? earlier(queries, before, before + keys) : undefined,
  ].filter((mask) => mask !== undefined);
  return {
    query,
    key,
    value,
    scale: call.float("scale") ?? 1 / Math.sqrt(query.shape[3] as number),
    softcap,
    bias: given && given.dtype !== "bool" ? lengthened(given, before + keys) : undefined,
    mask: masks.length > 0 ? masks.reduce(logicalAnd) : undefined,
    past,
    causal: causal && queries === keys,
  };
}

/** ONNX counts causal positions of queries from the end of the past, relpos from the end of the keys. */
function earlier(queries: number, before: number, keys: number): Tensor {
  return lessOrEqual(iota([1, keys], 1), add(iota([queries, 1]), before));
}

/** Keys before the length that each row of the batch has: [B] → [B, 1, 1, K]. */
function shorterThan(lengths: Tensor, keys: number): Tensor {
  return less(iota([1, 1, 1, keys], 3), reshape(lengths, [...lengths.shape, 1, 1, 1]));
}

/** A bias for fewer keys than there are: the others are masked by their length. */
function lengthened(bias: Tensor, keys: number): Tensor {
  return pad(bias, { [bias.rank - 1]: [0, keys - (bias.shape.at(-1) as number)] });
}

/** Keys or values once for each query head: [B, G, K, D] → [B, H, K, D]. */
function repeated(x: Tensor, heads: number): Tensor {
  const [batch, groups, length, size] = x.shape as readonly [Dim, number, Dim, number];
  const each = expand(reshape(x, [batch, groups, 1, length, size]), [batch, groups, heads / groups, length, size]);
  return reshape(each, [batch, heads, length, size]);
}

/** Attention written out, with hooks in place of a position encoding. */
function hooked(operands: Operands, hooks: Pick<PositionEncoding, "scores" | "values">): Tensor {
  const { query, key, value, bias, softcap, ...rest } = operands;
  const before = operands.past ? (operands.past.key.shape[2] as number) : 0;
  const keyPositions = iota([before + (key.shape[2] as number)]);
  const encoding: PositionEncoding = {
    kind: "onnx",
    settings: {},
    cache: "rotated-keys",
    ...(bias && { bias: () => bias }),
    ...hooks,
  };
  const queryPositions = iota([query.shape[2] as number]);
  return encodedAttention(query, key, value, {
    ...rest,
    softcap,
    encoding,
    parameters: {},
    queryPositions,
    keyPositions,
  }).output;
}

/** What `qk_matmul_output_mode` asks for: scores before the softcap, after it, with the bias; probabilities. */
const intermediates: Readonly<Record<number, (operands: Operands) => Tensor | undefined>> = {
  0: (operands) => scoresOf({ ...operands, softcap: undefined }),
  1: scoresOf,
  2: (operands) => {
    const { query, bias, mask, causal } = operands;
    const scores = scoresOf(operands) as Tensor;
    const biased = bias ? add(scores, bias) : scores;
    const [queries, keys] = scores.shape.slice(-2) as [number, number];
    const masks = [mask, causal ? earlier(queries, keys - queries, keys) : undefined].filter((m) => m !== undefined);
    return masks.reduce((x, visible) => where(visible, x, constant(Number.NEGATIVE_INFINITY, query.dtype)), biased);
  },
  3: (operands) => {
    let seen: Tensor | undefined;
    hooked(operands, {
      values: ({ probabilities, output }) => {
        seen = probabilities;
        return output;
      },
    });
    return seen;
  },
};

function scoresOf(operands: Operands): Tensor | undefined {
  let seen: Tensor | undefined;
  hooked(operands, {
    scores: ({ products }) => {
      seen = products();
      return seen;
    },
  });
  return seen;
}

/** ONNX's operators of attention, on the composite and, where they look inside, on attention with hooks. */
export const attentionOperations: Operations = {
  Attention: {
    tolerance: "composite",
    lower: (call: Call) => {
      const operands = operandsOf(call);
      const { query, key, value, ...options } = operands;
      const { output, ...present } = attention(query, key, value, options);
      const mode = call.int("qk_matmul_output_mode", 0);
      const joined = call.tensor(0).rank === 4 ? output : joinHeads(output);
      return [joined, present.key, present.value, call.wants(3) ? intermediates[mode]?.(operands) : undefined];
    },
  },
  FlexAttention: {
    tolerance: "composite",
    lower: (call: Call) => {
      const [modifyScores, modifyProbabilities] = [call.body("score_mod"), call.body("prob_mod")];
      const operands = operandsOf(call);
      const heads = operands.query.shape[1] as number;
      return [
        hooked(operands, {
          scores: ({ products }) => modifyScores?.(products())[0] ?? products(),
          values: ({ probabilities, output }) => {
            const modified = modifyProbabilities?.(probabilities)[0];
            return modified ? matMul(modified, repeated(operands.value, heads)) : output;
          },
        }),
      ];
    },
  },
};
