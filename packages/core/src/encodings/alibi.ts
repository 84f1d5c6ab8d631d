import { check } from "../errors.js";
import { abs, add, cast, constant, div, mul, neg, slice, sub } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import { asColumn, overHeads, relativePositions } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface AlibiOptions {
  /** Whether later keys are farther, as in encoders: −m·|i − j|. Default `false`: m·(j − i), for causal attention. */
  readonly symmetric?: boolean;
  /** How many heads, the first ones, have a bias, with the slopes of that many heads. Default: all. */
  readonly biasedHeads?: number;
  /** e where the last slope is 2^(−e): `alibi_bias_max` of MPT. Default 8. */
  readonly maximumExponent?: number;
}

/**
 * Slopes m_h of `heads` heads: 2^(−e·h/H) where H is a power of two; otherwise those of the power below, then every
 * second one of the power above. e is 8 in the paper.
 *
 * Agrees with the authors' code, x-transformers and MPT for any number of heads.
 */
export function alibiSlopes(heads: number, maximumExponent = 8): Float64Array {
  check(
    Number.isInteger(heads) && heads > 0,
    "alibi",
    () => `number of heads must be whole and positive, got ${heads}`,
  );
  const power = 2 ** Math.floor(Math.log2(heads));
  const geometric = (count: number): number[] =>
    Array.from({ length: count }, (_, h) => 2 ** ((-maximumExponent * (h + 1)) / count));
  const others = geometric(2 * power).filter((_, h) => h % 2 === 0);
  return Float64Array.from([...geometric(power), ...others.slice(0, heads - power)]);
}

/** Slopes of all heads [H]: those of the heads with a bias, then zeros. */
export function slopesOfHeads(heads: number, { biasedHeads = heads, maximumExponent }: AlibiOptions): Float64Array {
  check(biasedHeads <= heads, "alibi", () => `heads with a bias must be at most ${heads}, got ${biasedHeads}`);
  const slopes = new Float64Array(heads);
  slopes.set(alibiSlopes(biasedHeads, maximumExponent));
  return slopes;
}

/**
 * Attention with linear biases: scores fall in proportion to the distance, by a slope for each head.
 *
 * b_h(i, j) = −m_h·(i − j). Press et al., arXiv:2108.12409. No parameters. Agrees with x-transformers, also where a
 * number of heads has no bias, and with MPT's full form. Forms that know the key only are in `alibi-keys.ts`.
 */
export function alibi(options: AlibiOptions = {}): EncodingWith<"bias"> {
  const { symmetric = false, biasedHeads, maximumExponent = 8 } = options;
  return defineEncoding({
    kind: "alibi",
    settings: { symmetric, biasedHeads, maximumExponent },
    cache: "rotated-keys",
    bias: ({ query, key, heads }) => {
      const relative = cast(overHeads(relativePositions(query, key)), "float32");
      const slopes = constant(exactTensor(slopesOfHeads(heads, options), [1, heads, 1, 1]));
      return mul(slopes, symmetric ? neg(abs(relative)) : relative);
    },
    ...(!symmetric && {
      /** m·(j − c) differs from m·(j − i) by what is the same for all keys; c is in the middle, where it costs least precision. */
      factors: ({ key, heads }) => {
        const count = key.shape.at(-1) as Dim;
        const [first, last] = [slice(key, { [-1]: [0, 1] }), slice(key, { [-1]: [subtractDims(count, 1), count] })];
        const centred = cast(sub(key, div(add(first, last), 2)), "float32");
        return {
          query: constant(exactTensor(slopesOfHeads(heads, options), [1, heads, 1, 1])),
          key: asColumn(centred),
        };
      },
    }),
  });
}
