import { elementCount, gather, iota, matMul, mul, reduceSum, reshape, type Tensor, transpose } from "@relpos/core";
import type { Call } from "../call.js";
import { sizesOf } from "./movement.js";

/** An operand with a letter for each axis. */
interface Operand {
  readonly x: Tensor;
  readonly letters: string;
}

/** Sums of products of one or two operands by a formula such as "bij, bjk -> bik". */
export function einsum(call: Call): Tensor {
  const formula = call.text("equation", "").replaceAll(" ", "");
  const [inputs, given] = formula.split("->") as [string, string | undefined];
  const terms = inputs.split(",");
  call.require(terms.length <= 2, `equation "${formula}"`);
  const hidden = Math.max(...terms.map((term, index) => hiddenAxes(term, call.tensor(index))));
  const operands = terms.map((term, index): Operand => {
    const x = call.tensor(index);
    return diagonal({ x, letters: term.replace("...", dots(hiddenAxes(term, x))) });
  });
  const output = (given ?? impliedOutput(inputs)).replace("...", dots(hidden));
  const [a, b] = operands as [Operand, Operand | undefined];
  return b ? product(a, b, output) : permuted(summed(a, output), output);
}

/** How many axes "..." stands for. */
function hiddenAxes(term: string, x: Tensor): number {
  return term.includes("...") ? x.rank - (term.length - 3) : 0;
}

/** The axes that "..." stands for are called by digits, the last one 0. */
function dots(count: number): string {
  return Array.from({ length: count }, (_, axis) => count - 1 - axis).join("");
}

/** Without an arrow the letters that are there once, in alphabetical order, after "...". */
function impliedOutput(inputs: string): string {
  const letters = [...inputs].filter((letter) => /[a-z]/i.test(letter));
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return (inputs.includes("...") ? "..." : "") + once.sort().join("");
}

/** Axes of the same letter become one. */
function diagonal({ x, letters }: Operand): Operand {
  const repeated = [...letters].find((letter, axis) => letters.indexOf(letter) !== axis);
  if (repeated === undefined) return { x, letters };
  const [first, second] = [letters.indexOf(repeated), letters.lastIndexOf(repeated)];
  const others = [...letters].map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const last = transpose(x, [...others, first, second]);
  const size = sizesOf(x)[first] as number;
  const flat = reshape(last, [...sizesOf(last).slice(0, -2), size * size]);
  const taken = gather(flat, mul(iota([size]), size + 1), -1);
  return diagonal({ x: taken, letters: others.map((axis) => letters[axis]).join("") + repeated });
}

/** Products of two operands as one batched matrix product. */
function product(a: Operand, b: Operand, output: string): Tensor {
  const [left, right] = [summed(a, output + b.letters), summed(b, output + a.letters)];
  const shared = kept(left.letters, right.letters);
  const [batch, inner] = [kept(shared, output), without(shared, output)];
  const [rows, columns] = [without(left.letters, shared), without(right.letters, shared)];
  const size = new Map([left, right].flatMap(({ x, letters }) => [...letters].map((l, axis) => [l, sizesOf(x)[axis]])));
  const sizes = (letters: string) => [...letters].map((letter) => size.get(letter) as number);
  const count = (letters: string) => elementCount(sizes(letters));
  const whole = matMul(
    reshape(permuted(left, batch + rows + inner), [count(batch), count(rows), count(inner)]),
    reshape(permuted(right, batch + inner + columns), [count(batch), count(inner), count(columns)]),
  );
  const letters = batch + rows + columns;
  return permuted({ x: reshape(whole, sizes(letters)), letters }, output);
}

const kept = (letters: string, wanted: string): string =>
  [...letters].filter((letter) => wanted.includes(letter)).join("");
const without = (letters: string, unwanted: string): string =>
  [...letters].filter((letter) => !unwanted.includes(letter)).join("");

/** The sum over axes whose letters are not wanted. */
function summed({ x, letters }: Operand, wanted: string): Operand {
  const axes = [...without(letters, wanted)].map((letter) => letters.indexOf(letter));
  return { x: reduceSum(x, axes), letters: kept(letters, wanted) };
}

function permuted({ x, letters }: Operand, to: string): Tensor {
  return transpose(
    x,
    [...to].map((letter) => letters.indexOf(letter)),
  );
}
