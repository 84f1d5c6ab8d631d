import { foldIn, type RandomKey, randomIntegers } from "@relpos/core";
import { defineTask, type Example } from "./task.js";

/*
 * Addition: two numbers, their sum and an end, as in "21+503=713" for 12 + 305 = 317: every number begins with its lowest
 * digit, has a token for each digit and no zeros in front.
 *
 * After McLeish et al., "Transformers Can Do Arithmetic with the Right Embeddings" (2024), who train on up to 20 digits
 * and test on up to 100. Training draws the digits of either number from 1 to as many as fit; evaluation has as many as
 * fit in both, ⌊(length − 3)/3⌋: 20 at length 63 and 100 at 303. Teacher forcing tells exact match, as in the copy task.
 */

const vocabulary = ["<pad>", "<end>", "+", "=", ..."0123456789"];
const [end, plus, equals, firstDigit] = ["<end>", "+", "=", "0"].map((symbol) => vocabulary.indexOf(symbol)) as [
  number,
  number,
  number,
  number,
];

/** The sum may have a digit more, the two signs and the end are three symbols, and a row holds one more than the length. */
const mostDigits = (length: number) => Math.floor((length + 1 - 4) / 3);

/** A number of so many digits, lowest first; the highest is 0 only where it is the only one. */
function drawNumber(key: RandomKey, count: number): Int32Array {
  const number = randomIntegers(foldIn(key, "digits"), count, 0, 10);
  if (count > 1) number.set(randomIntegers(foldIn(key, "highest"), 1, 1, 10), count - 1);
  return number;
}

function add(a: Int32Array, b: Int32Array): Int32Array {
  const sum: number[] = [];
  let carry = 0;
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const total = (a[place] ?? 0) + (b[place] ?? 0) + carry;
    sum.push(total % 10);
    carry = total >= 10 ? 1 : 0;
  }
  return Int32Array.from(carry > 0 ? [...sum, carry] : sum);
}

function example(key: RandomKey, [first, second]: readonly [number, number]): Example {
  const [a, b] = [drawNumber(foldIn(key, "first"), first), drawNumber(foldIn(key, "second"), second)];
  const tokens = (number: Int32Array) => Array.from(number, (digit) => firstDigit + digit);
  const asked = [...tokens(a), plus, ...tokens(b), equals];
  const symbols = Int32Array.from([...asked, ...tokens(add(a, b)), end]);
  return { symbols, scored: new Uint8Array(symbols.length).fill(1, asked.length) };
}

/** Write the sum of two numbers, from its lowest digit on. */
export const addition = defineTask({
  name: "addition",
  describe: "two numbers of ⌊(length − 3)/3⌋ digits and their sum, each from its lowest digit on",
  vocabulary,
  metric: "exactMatch",
  shortest: 6,
  training(key, length) {
    const [first = 1, second = 1] = randomIntegers(foldIn(key, "counts"), 2, 1, mostDigits(length) + 1);
    return example(key, [first, second]);
  },
  evaluations: { digits: (key, length) => example(key, [mostDigits(length), mostDigits(length)]) },
});
