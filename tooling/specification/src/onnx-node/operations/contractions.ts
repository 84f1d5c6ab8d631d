import {
  abs,
  add,
  argMax,
  cast,
  constant,
  cumSum,
  elementCount,
  equal,
  exp,
  expand,
  gather,
  iota,
  log,
  matMul,
  mul,
  neg,
  reduceMax,
  reduceSum,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from "@relpos/core";
import type { Call, Operation, Operations } from "../call.js";
import { einsum } from "./einsum.js";
import { sizesOf } from "./movement.js";

type Reduce = (x: Tensor, axes: readonly number[], options: { readonly keepDims: boolean }) => Tensor;

/** Axes are an input or an attribute; none means all of them, or nothing to do. */
const reduction = (tolerance: Operation["tolerance"], reduce: Reduce): Operation => ({
  tolerance,
  lower: (call: Call) => {
    const x = call.tensor(0);
    const given = call.numbers(1) ?? call.ints("axes") ?? [];
    const none = given.length === 0 && call.int("noop_with_empty_axes", 0) === 0;
    return [reduce(x, none ? sizesOf(x).map((_, axis) => axis) : given, { keepDims: call.int("keepdims", 1) === 1 })];
  },
});

const largest: Reduce = (x, axes, options) => {
  return x.dtype === "bool" ? cast(reduceMax(cast(x, "int32"), axes, options), "bool") : reduceMax(x, axes, options);
};

const least: Reduce = (x, axes, options) => {
  return x.dtype === "bool"
    ? cast(neg(reduceMax(neg(cast(x, "int32")), axes, options)), "bool")
    : neg(reduceMax(neg(x), axes, options));
};

const product: Reduce = (x, axes, options) => {
  const whole = axes.reduce((part, given) => {
    const axis = given < 0 ? given + x.rank : given;
    const one = expand(constant(1, x.dtype), sizesOf(part).with(axis, 1));
    return Array.from({ length: sizesOf(x)[axis] as number }, (_, i) => slice(part, { [axis]: [i, i + 1] })).reduce(
      mul,
      one,
    );
  }, x);
  return reshape(whole, reduceSum(x, axes, options).shape);
};

const logSumExp: Reduce = (x, axes, options) => {
  const peak = reduceMax(x, axes, { keepDims: true });
  const finite = where(equal(abs(peak), Number.POSITIVE_INFINITY), 0, peak);
  const sum = log(reduceSum(exp(sub(x, finite)), axes, options));
  return add(sum, reshape(finite, sum.shape));
};

const mean: Reduce = (x, axes, options) => {
  const sizes = axes.map((axis) => sizesOf(x).at(axis) as number);
  return mul(reduceSum(x, axes, options), 1 / elementCount(sizes));
};

/** Vectors become a row on the left and a column on the right. */
function matrixProduct(a: Tensor, b: Tensor): Tensor {
  const left = a.rank === 1 ? reshape(a, [1, ...a.shape]) : a;
  const right = b.rank === 1 ? reshape(b, [...b.shape, 1]) : b;
  const whole = matMul(left, right);
  const rows = a.rank === 1 ? [] : whole.shape.slice(-2, -1);
  const columns = b.rank === 1 ? [] : whole.shape.slice(-1);
  return reshape(whole, [...whole.shape.slice(0, -2), ...rows, ...columns]);
}

/** Operators that sum or compare along axes. */
export const contractions: Operations = {
  MatMul: { tolerance: "contraction", lower: (call) => [matrixProduct(call.tensor(0), call.tensor(1))] },
  Einsum: { tolerance: "contraction", lower: (call) => [einsum(call)] },
  ReduceSum: reduction("contraction", reduceSum),
  ReduceSumSquare: reduction("contraction", (x, axes, options) => reduceSum(square(x), axes, options)),
  ReduceMean: reduction("contraction", mean),
  ReduceL1: reduction("contraction", (x, axes, options) => reduceSum(abs(x), axes, options)),
  ReduceL2: reduction("contraction", (x, axes, options) => sqrt(reduceSum(square(x), axes, options))),
  ReduceLogSum: reduction("composite", (x, axes, options) => log(reduceSum(x, axes, options))),
  ReduceLogSumExp: reduction("composite", logSumExp),
  ReduceMax: reduction("exact", largest),
  ReduceMin: reduction("exact", least),
  ReduceProd: reduction("contraction", product),
  ArgMax: {
    tolerance: "exact",
    lower: (call: Call) => {
      const [x, axis] = [call.tensor(0), call.int("axis", 0)];
      const options = { keepDims: call.int("keepdims", 1) === 1 };
      if (call.int("select_last_index", 0) === 0) return [argMax(x, axis, options)];
      const last = (sizesOf(x).at(axis) as number) - 1;
      return [sub(last, argMax(gather(x, sub(last, iota([last + 1])), axis), axis, options))];
    },
  },
  CumSum: {
    tolerance: "contraction",
    lower: (call: Call) => {
      const options = { exclusive: call.int("exclusive", 0) === 1, reverse: call.int("reverse", 0) === 1 };
      return [cumSum(call.tensor(0), call.numbers(1)?.[0] as number, options)];
    },
  },
};
