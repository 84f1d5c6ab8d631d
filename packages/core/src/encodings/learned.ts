import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, cumSum, div, gather, mul, reduceSum, sqrt, square, sub } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface LearnedOptions {
  /** Number of positions; later ones do not exist. */
  readonly maximumPositions: number;
  /** Row of position 0: 2 for OPT, the padding id + 1 for RoBERTa. Default 0. */
  readonly offset?: number;
  /** Standard deviation of the initial table. Default 0.02, as in GPT-2. */
  readonly initialDeviation?: number;
  /** Rows as they are, times width^(−1/2), or at length 1. Default "plain"; x-transformers has the other two. */
  readonly rows?: keyof typeof rowForms;
}

const rowForms = {
  plain: (rows: Tensor) => rows,
  scaled: (rows: Tensor) => mul(rows, (rows.shape.at(-1) as number) ** -0.5),
  unit: (rows: Tensor) => div(rows, sqrt(reduceSum(square(rows), -1, { keepDims: true }))),
} as const;

/**
 * Positions among the tokens that are not padding, 0 for the first: mask int32 [B, S], 1 for tokens → int32 [B, S].
 *
 * cumsum(mask)·mask − 1 as in OPT: padding gets −1, which `offset` moves into the table.
 */
export function maskedPositions(mask: Tensor): Tensor {
  return sub(mul(cumSum(mask, 1), mask), 1);
}

/**
 * A trained vector for each position, added to the embeddings: x[t] + W[t + offset].
 *
 * Radford et al. (2018); BERT. Agrees with x-transformers' `AbsolutePositionalEmbedding` (rows "scaled" or "unit") and,
 * with `maskedPositions` and offset 2, with OPT.
 */
export function learned(options: LearnedOptions): EncodingWith<"embed" | "parameters", "weight"> {
  const { maximumPositions, offset = 0, initialDeviation = 0.02, rows = "plain" } = options;
  check(Number.isInteger(maximumPositions) && maximumPositions > 0, "learned", () => {
    return `number of positions must be whole and positive, got ${maximumPositions}`;
  });
  return defineEncoding({
    kind: "learned",
    settings: { maximumPositions, offset, initialDeviation, rows },
    cache: "rotated-keys",
    maximumPositions,
    parameters: ({ width }) => ({
      weight: { shape: [maximumPositions + offset, width], initialize: normal(initialDeviation), decay: false },
    }),
    embed: ({ parameters, x, positions }) => {
      return add(x, rowForms[rows](gather(parameters.weight, offset === 0 ? positions : add(positions, offset))));
    },
  });
}
