import {
  add,
  concat,
  cumSum,
  div,
  erf,
  exp,
  expand,
  gather,
  iota,
  less,
  matMul,
  maximum,
  minimum,
  mul,
  neg,
  pad,
  randomIntegers,
  randomKey,
  reduceMax,
  reduceSum,
  reshape,
  sigmoid,
  sin,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  type Tensor,
  tanh,
  transpose,
  where,
} from "@relpos/core";
import { gaussian } from "../random-tensors.js";
import type { GradientCase } from "./gradient-case.js";

/** One more operation on the tensors so far, chosen by two random numbers; undefined where it does not fit. */
type Grow = (x: Tensor, y: Tensor, choice: number) => Tensor | undefined;

const known = (x: Tensor): readonly number[] => x.shape as readonly number[];
const broadcastable = (x: Tensor, y: Tensor): boolean => {
  const [a, b] = [known(x), known(y)];
  return Array.from({ length: Math.min(a.length, b.length) }, (_, i) => [a.at(-1 - i), b.at(-1 - i)]).every(
    ([m, n]) => m === n || m === 1 || n === 1,
  );
};
const paired =
  (f: (x: Tensor, y: Tensor) => Tensor): Grow =>
  (x, y) =>
    broadcastable(x, y) ? f(x, y) : undefined;
const bounded = (x: Tensor): Tensor => tanh(x);

/** Operations with bounded results and derivatives, so that no graph of them overflows or loses its digits. */
const operations: readonly Grow[] = [
  paired(add),
  paired(sub),
  paired((x, y) => mul(bounded(x), y)),
  paired((x, y) => div(x, add(square(y), 1))),
  paired(maximum),
  paired(minimum),
  paired((x, y) => where(less(x, y), sin(x), y)),
  (x) => neg(x),
  (x) => exp(bounded(x)),
  (x) => sqrt(add(square(x), 1)),
  (x) => erf(x),
  (x) => sigmoid(x),
  (x, _, choice) => (x.rank > 0 && known(x)[choice % x.rank] !== 0 ? softmax(x, choice % x.rank) : undefined),
  (x) => reshape(x, [known(x).reduce((a, b) => a * b, 1)]),
  (x) => (x.rank === 3 ? undefined : reshape(x, [1, ...known(x)])),
  (x, _, choice) =>
    x.rank > 1
      ? transpose(
          x,
          known(x).map((__, axis) => (axis + choice) % x.rank),
        )
      : undefined,
  (x) => (x.rank < 3 ? expand(x, [2, ...known(x)]) : undefined),
  (x, _, choice) =>
    x.rank > 0 && (known(x)[0] as number) > 0
      ? slice(x, { 0: [choice % (known(x)[0] as number), known(x)[0] as number] })
      : undefined,
  (x, _, choice) => (x.rank > 0 ? pad(x, { [choice % x.rank]: [1, choice % 2] }, 0.5) : undefined),
  (x, _, choice) => (x.rank > 0 ? concat([x, neg(x)], choice % x.rank) : undefined),
  (x, _, choice) =>
    x.rank > 0 && (known(x)[choice % x.rank] as number) > 0
      ? gather(x, iota([2], 0).mul(0), choice % x.rank)
      : undefined,
  (x, y) =>
    x.rank === 2 && y.rank === 2
      ? known(x)[1] === known(y)[1]
        ? matMul(x, transpose(y, [1, 0]))
        : undefined
      : undefined,
  (x, _, choice) => (x.rank > 0 ? reduceSum(x, choice % x.rank, { keepDims: choice % 3 === 0 }) : undefined),
  (x, _, choice) =>
    x.rank > 0 && (known(x)[choice % x.rank] as number) > 0 ? reduceMax(x, choice % x.rank) : undefined,
  (x, _, choice) =>
    x.rank > 0 ? cumSum(x, choice % x.rank, { exclusive: choice % 3 === 0, reverse: choice % 2 === 0 }) : undefined,
];

/** Of what a small random graph is made. */
export interface GraphRecipe {
  /** Of the two inputs. */
  readonly shapes: readonly (readonly number[])[];
  /** Numbers of any size: what they choose from is as long as it is. */
  readonly steps: readonly GraphStep[];
  /** Of the inputs' values. */
  readonly seed: number;
}

interface GraphStep {
  readonly operation: number;
  readonly left: number;
  readonly right: number;
  readonly choice: number;
}

/** Pairs of shapes to begin with: scalars, empty and broadcasting ones among them. */
export const recipeShapes: readonly GraphRecipe["shapes"][] = [
  [[], [3]],
  [[2, 3], [3]],
  [
    [2, 3],
    [2, 1],
  ],
  [[0, 2], [2]],
  [
    [1, 2, 2],
    [3, 1, 2],
  ],
  [[2], [2, 2]],
  [
    [4, 1],
    [1, 3],
  ],
];

const largest = 200;

/** The graph of a recipe, over two inputs; steps that do not fit are left out. */
export function randomGraph({ shapes, steps, seed }: GraphRecipe): GradientCase {
  return {
    inputs: shapes.map((shape, index) => gaussian(shape, `${seed}.${index}`)),
    f: (...tensors) => {
      const all: Tensor[] = [...tensors];
      for (const { operation, left, right, choice } of steps) {
        const grow = operations[operation % operations.length] as Grow;
        const result = grow(all[left % all.length] as Tensor, all[right % all.length] as Tensor, choice);
        if (result && known(result).reduce((a, b) => a * b, 1) <= largest) all.push(result);
      }
      return all.at(-1) as Tensor;
    },
  };
}

/** A recipe that is a function of its seed. */
export function recipeOf(seed: number): GraphRecipe {
  const numbers = [...randomIntegers(randomKey(`graph ${seed}`), 34, 0, 9_000)];
  const next = (): number => numbers.pop() as number;
  const shapes = recipeShapes[next() % recipeShapes.length] as GraphRecipe["shapes"];
  const steps = Array.from({ length: 1 + (next() % 8) }, () => ({
    operation: next(),
    left: next(),
    right: next(),
    choice: next(),
  }));
  return { shapes, steps, seed };
}
