import { add, constant, matMul, mul } from "../primitives/operations.js";
import { exactTensor, type HostTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";

/** How often A is halved before its series, and the result squared. */
const halvings = 10;
/** The series has blocks of as many terms as powers of A are made by products. */
const [powers, blocks] = [4, 3];

/**
 * e^A of skew matrices [..., D, D] by scaling and squaring, in 15 products: to 3·10⁻⁶ in float32 up to a norm of 1000.
 *
 * What is squared is e^A − I, by E ← 2E + E²: beside the identity a small rotation would lose its digits, and every
 * squaring would double what was lost. The series is Taylor's up to A¹², in blocks of four terms (Paterson and
 * Stockmeyer, 1973).
 */
export function matrixExponential(a: Tensor): Tensor {
  let excess = excessOverIdentity(mul(a, 2 ** -halvings));
  for (let n = 0; n < halvings; n++) excess = add(mul(excess, 2), matMul(excess, excess));
  return add(excess, constant(identity(a.shape.at(-1) as number)));
}

/** A + A²/2! + … + A¹²/12!. */
function excessOverIdentity(a: Tensor): Tensor {
  const power = [a];
  while (power.length < powers) power.push(matMul(power.at(-1) as Tensor, a));
  const block = (first: number): Tensor => {
    return power.map((x, n) => mul(x, 1 / factorial(first + n + 1))).reduce((sum, term) => add(sum, term));
  };
  let sum = block(powers * (blocks - 1));
  for (let index = blocks - 2; index >= 0; index--) {
    sum = add(block(powers * index), matMul(power.at(-1) as Tensor, sum));
  }
  return sum;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

function identity(size: number): HostTensor {
  const values = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  return exactTensor(values, [size, size]);
}
