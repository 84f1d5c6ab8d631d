import { check } from "../errors.js";
import { cast, constant, cumSum, gather, mul, reshape, slice, sub, transpose } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import { decodeBFloat16, encodeBFloat16, exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { type AlibiOptions, alibiSlopes, slopesOfHeads } from "./alibi.js";
import { asRow } from "./distance.js";
import { defineEncoding, type EncodingWith, type PairContext } from "./encoding.js";

/** The position that keys are counted from. */
const origins = {
  first: (key: Tensor): Tensor => key,
  last: (key: Tensor): Tensor => {
    const keys = key.shape.at(-1) as Dim;
    return sub(key, slice(key, { [-1]: [subtractDims(keys, 1), keys] }));
  },
} as const;

export interface KeyAlibiOptions extends Omit<AlibiOptions, "symmetric"> {
  /** Whether keys are counted from position 0, as in BLOOM, or from the last key, as in MPT. Default "first". */
  readonly origin?: keyof typeof origins;
}

/**
 * ALiBi that knows the key only: one row for all queries, right up to a constant of each query, which softmax ignores.
 *
 * b_h(j) = m_h·j, or m_h·(j − j_last). Only for causal attention. Press et al., arXiv:2108.12409, §3. Agrees with
 * BLOOM, whose positions are `bloomPositions`, and with MPT's short form.
 */
export function keyAlibi(options: KeyAlibiOptions = {}): EncodingWith<"bias"> {
  const { origin = "first", biasedHeads, maximumExponent = 8 } = options;
  return defineEncoding({
    kind: "alibi",
    settings: { form: "keys", origin, biasedHeads, maximumExponent },
    cache: "rotated-keys",
    bias: ({ key, heads }) => {
      const slopes = constant(exactTensor(slopesOfHeads(heads, options), [1, heads, 1, 1]));
      return mul(slopes, cast(asRow(origins[origin](key)), "float32"));
    },
  });
}

export interface FalconAlibiOptions {
  /** What the bias is multiplied by: Falcon divides it by √d with the products. Default 1. */
  readonly factor?: number;
  /** Number of positions that the table of rounded products holds. Default 2048. */
  readonly maximumPositions?: number;
}

/** Falcon's product of slope and position, each rounded to bfloat16 before and the product after. */
export function falconAlibiBias(heads: number, position: number): Float64Array {
  const rounded = (x: number): number => decodeBFloat16(encodeBFloat16(x));
  return alibiSlopes(heads).map((slope) => rounded(rounded(slope) * rounded(position)));
}

/**
 * Falcon's ALiBi: BLOOM's row of keys with slopes, positions and products rounded to bfloat16.
 *
 * b_h(j) = factor·round(round(m_h)·round(j)). Agrees with `build_alibi_tensor` of Hugging Face's Falcon, which rounds
 * whatever the model's precision; from position 256 on neighbours share values.
 */
export function falconAlibi(options: FalconAlibiOptions = {}): EncodingWith<"bias"> {
  const { factor = 1, maximumPositions = 2048 } = options;
  check(Number.isInteger(maximumPositions) && maximumPositions > 0, "falconAlibi", () => {
    return `number of positions must be whole and positive, got ${maximumPositions}`;
  });
  return defineEncoding({
    kind: "alibi",
    settings: { form: "falcon", factor, maximumPositions },
    cache: "rotated-keys",
    maximumPositions,
    bias: ({ key, heads }: PairContext<never>) => {
      const rows = Array.from({ length: maximumPositions }, (_, position) => [...falconAlibiBias(heads, position)]);
      const table = exactTensor(
        rows.flat().map((bias) => bias * factor),
        [maximumPositions, heads],
      );
      const values = gather(constant(table), asRow(key));
      return reshape(transpose(values, [0, 1, 2, 4, 3]), [values.shape[0] as Dim, heads, 1, key.shape.at(-1) as Dim]);
    },
  });
}

/** Positions of tokens that a mask shows: (cumsum(mask) − 1)·mask, [B, S] int32 of 0 and 1 → [B, S]. BLOOM, Falcon. */
export function bloomPositions(mask: Tensor): Tensor {
  return mul(sub(cumSum(mask, -1), 1), mask);
}
