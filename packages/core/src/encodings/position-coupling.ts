import { check } from "../errors.js";
import { type HostTensor, tensor } from "../tensor/host-tensor.js";
import { type AbacusOptions, abacus, abacusPositions } from "./abacus.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

/** An addition a + b = c as numbers of symbols; the shorter operand may be padded. */
export interface AdditionLengths {
  readonly first: number;
  readonly second: number;
  readonly answer: number;
}

export interface CouplingOptions {
  /** The least position: 1 in evaluation, drawn from 1 … maximum − digits − 1 in training. Default 1. */
  readonly start?: number;
  /** Whether the answer begins with its lowest digit. Default `true`, as in the paper's main results. */
  readonly reversed?: boolean;
}

/**
 * Positions of "a+b=c" in which digits of one significance share a number: int32 [first + second + answer + 2].
 *
 * With n digits in the longer operand and e = start + n + 1, an operand's lowest digit has e − 1 and the sign after it e,
 * so that the answer's lowest digit has e − 1 too. Cho et al., arXiv:2405.20671. Follows
 * `AdditionDatasetWithCoupledPositions` of HanseulJo/position-coupling, which numbers both signs e.
 */
export function coupledAdditionPositions(lengths: AdditionLengths, options: CouplingOptions = {}): HostTensor {
  const { first, second, answer } = lengths;
  const { start = 1, reversed = true } = options;
  const end = start + Math.max(first, second) + 1;
  check(answer <= end - start, "coupledAdditionPositions", () => {
    return `the answer must have at most ${end - start} digits, got ${answer}`;
  });
  const rising = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);
  const result = rising(end - answer, answer);
  const ids = [
    ...rising(end - first, first + 1),
    ...rising(end - second, second + 1),
    ...(reversed ? result.reverse() : result),
  ];
  return tensor(ids, [ids.length], "int32");
}

/**
 * Coupled positions of numbers that all begin with their lowest digit, from the tokens alone: a digit has start + its
 * place in its number, any other token `start`. Tokens int32 [B, S] or [S].
 *
 * The mirror image of `coupledAdditionPositions`, whose operands begin with their highest digit: there the sign and then
 * the lowest digits have the highest numbers, here the lowest.
 */
export function coupledPositions(tokens: HostTensor, digits: readonly number[], start = 1): HostTensor {
  const places = Int32Array.from(abacusPositions(tokens, digits).data, (place) => start + place);
  return tensor(places, tokens.shape, "int32");
}

/**
 * Position coupling: a trained vector for each coupled position, added to the embeddings: x_t + W[p_t].
 *
 * The positions given to the model are `coupledPositions`, `coupledAdditionPositions` or those of another task. Cho et
 * al., arXiv:2405.20671. Positions past the table share its last row.
 */
export function positionCoupling(
  options: Omit<AbacusOptions, "digits"> = {},
): EncodingWith<"embed" | "parameters", "weight"> {
  const { rows = 1024, initialDeviation = 0.02 } = options;
  const table = abacus({ rows, initialDeviation });
  return defineEncoding({ ...table, kind: "position-coupling", settings: { rows, initialDeviation } });
}
