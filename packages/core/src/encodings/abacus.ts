import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import {
  add,
  cast,
  cumSum,
  equal,
  gather,
  iota,
  lessOrEqual,
  logicalAnd,
  logicalOr,
  minimum,
  mul,
  reduceSum,
  reshape,
  sub,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { type HostTensor, tensor, toNumbers } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface AbacusOptions {
  /** Rows of the table: 0 for what is no digit, then a row for each place in a number. Default 1024. */
  readonly rows?: number;
  /** Token ids of digits. Default: none, and `positions` hold the places already, from `abacusPositions`. */
  readonly digits?: readonly number[] | undefined;
  /** Standard deviation of the initial table. Default 1, as of `torch.nn.Embedding`. */
  readonly initialDeviation?: number;
}

/**
 * Place of each token in its run of digits, from 1 on, plus an offset; 0 for other tokens. Tokens int32 [B, S] or [S].
 *
 * In training the offset is drawn from 0 … 99: by the authors once for a batch, by the catalogue's entry for each sequence.
 */
export function abacusPositions(tokens: HostTensor, digits: readonly number[], offset = 0): HostTensor {
  const length = tokens.shape.at(-1) as number;
  const ids = toNumbers(tokens);
  const places = new Int32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    if (!digits.includes(ids[i] as number)) continue;
    const before = i % length > 0 ? (places[i - 1] as number) : 0;
    places[i] = before > 0 ? before + 1 : offset + 1;
  }
  return tensor(places, tokens.shape, "int32");
}

/**
 * Abacus: a trained vector for a digit's place in its number, added to the embeddings; numbers begin with their lowest
 * digit.
 *
 * x_t + W[p_t], p_t = 1, 2, … within a run of digits, 0 elsewhere. McLeish et al., arXiv:2405.17399. Follows the
 * authors' `abacus.py`, except that places past the table share its last row, where theirs fail. With `digits` the places
 * are counted in the graph, among the tokens that it is given: a model that decodes with a cache must have none, and
 * positions from `abacusPositions` over all tokens; so must training with offsets. The weights are the same.
 */
export function abacus(options: AbacusOptions = {}): EncodingWith<"embed" | "parameters", "weight"> {
  const { rows = 1024, digits, initialDeviation = 1 } = options;
  check(Number.isInteger(rows) && rows > 1, "abacus", () => `rows must be whole and at least 2, got ${rows}`);
  return defineEncoding({
    kind: "abacus",
    settings: { rows, digits, initialDeviation },
    cache: "rotated-keys",
    parameters: ({ width }) => ({
      weight: { shape: [rows, width], initialize: normal(initialDeviation), decay: false },
    }),
    embed: ({ parameters, x, positions, tokens }) => {
      check(!digits || tokens, "abacus", () => "counting digits needs tokens, got none");
      const places = digits && tokens ? countedPlaces(tokens, digits) : positions;
      return add(x, gather(parameters.weight, minimum(places, rows - 1)));
    },
  });
}

/** Places in runs of digits, int32 [B, S]: how many tokens up to this one have as many other tokens before them. */
function countedPlaces(tokens: Tensor, digits: readonly number[]): Tensor {
  const [batch, length] = tokens.shape as readonly [Dim, Dim];
  const isDigit = digits.map((digit) => equal(tokens, digit)).reduce(logicalOr);
  const digit = cast(isDigit, "int32");
  const others = cumSum(sub(1, digit), 1);
  const sameRun = equal(reshape(others, [batch, length, 1]), reshape(others, [batch, 1, length]));
  const earlier = lessOrEqual(iota([1, length], 1), iota([length, 1]));
  const counted = mul(cast(logicalAnd(sameRun, earlier), "int32"), reshape(digit, [batch, 1, length]));
  return mul(reduceSum(counted, 2), digit);
}
